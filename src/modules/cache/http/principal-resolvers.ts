import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  CACHE_PRINCIPAL,
  type PlatformRequest,
  type Principal,
  principalOfUser,
  type PrincipalResolver,
} from './principal.js';

/**
 * Identifies the caller of a request. An application's own `CACHE_PRINCIPAL` is the only source where it is provided.
 * Otherwise `request.user` is read first, then the registered resolvers (sessions have one) are asked in order; the first
 * principal found counts.
 */
@Injectable()
export class PrincipalResolvers {
  private readonly resolvers: PrincipalResolver[] = [];

  /** @internal */
  constructor(@Optional() @Inject(CACHE_PRINCIPAL) private readonly own: PrincipalResolver | undefined) {}

  /** For a module whose guards keep the caller's identity elsewhere than in `request.user`. */
  register(resolver: PrincipalResolver): void {
    this.resolvers.push(resolver);
  }

  resolve(request: PlatformRequest): Principal | undefined {
    if (this.own) return this.own(request);
    let principal = principalOfUser(request);
    for (let i = 0; principal === undefined && i < this.resolvers.length; i++) principal = this.resolvers[i]!(request);
    return principal;
  }
}
