import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  CACHE_PRINCIPAL,
  type Caller,
  callerOf,
  type PlatformRequest,
  principalOfUser,
  type PrincipalResolver,
} from './principal.js';

/** Removes the caller's identity from a request and returns the function that restores it. */
export type CallerHider = { hide(request: PlatformRequest): () => void }['hide'];

/**
 * Identifies the caller of a request. An application's own `CACHE_PRINCIPAL` is the only source where it is provided.
 * Otherwise `request.user` is read first, then the registered resolvers (sessions have one) are asked in order; the first
 * principal found counts.
 */
@Injectable()
export class PrincipalResolvers {
  private readonly resolvers: PrincipalResolver[] = [];
  private readonly hiders: CallerHider[] = [];

  /** @internal */
  constructor(@Optional() @Inject(CACHE_PRINCIPAL) private readonly own: PrincipalResolver | undefined) {}

  /** For a module whose guards keep the caller's identity elsewhere than in `request.user`; `hide` removes it from a request. */
  register(resolver: PrincipalResolver, hide?: CallerHider): void {
    this.resolvers.push(resolver);
    if (hide) this.hiders.push(hide);
  }

  /** `undefined` for an anonymous request. */
  resolve(request: PlatformRequest): Caller | undefined {
    let principal = (this.own ?? principalOfUser)(request);
    for (let i = 0; !this.own && principal === undefined && i < this.resolvers.length; i++)
      principal = this.resolvers[i]!(request);
    return principal && callerOf(principal);
  }

  /** Removes what the registered modules know of the caller, for a handler whose response is not the caller's own. */
  hide(request: PlatformRequest): () => void {
    const restorers = this.hiders.map((hide) => hide(request));
    return () => {
      for (const restore of restorers) restore();
    };
  }
}
