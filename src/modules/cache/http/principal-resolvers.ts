import { Inject, Injectable, Optional } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CACHE_PRINCIPAL, type Principal, principalOfUser, type PrincipalResolver } from './principal.js';

/**
 * Knows who makes a request: by the application's `CACHE_PRINCIPAL` alone, where it provides one; otherwise by
 * `request.user`, then by those who registered here, as sessions do. The first who knows somebody is believed.
 */
@Injectable()
export class PrincipalResolvers {
  private readonly resolvers: PrincipalResolver[] = [];

  constructor(@Optional() @Inject(CACHE_PRINCIPAL) private readonly own: PrincipalResolver | undefined) {}

  /** For a module whose guards leave who asks in a place of their own. */
  register(resolver: PrincipalResolver): void {
    this.resolvers.push(resolver);
  }

  resolve(request: FastifyRequest): Principal | undefined {
    if (this.own) return this.own(request);
    let principal = principalOfUser(request);
    for (let i = 0; principal === undefined && i < this.resolvers.length; i++) principal = this.resolvers[i]!(request);
    return principal;
  }
}
