import { type CanActivate, type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OperatorAccess } from './operator-access.js';

/** A guard that {@link tokenGuard} made. */
export interface TokenGuard extends CanActivate {
  /** Whether a token is configured. */
  readonly hasToken: boolean;
  /** True, or it throws as {@link OperatorAccess.check} does. */
  canActivate(context: ExecutionContext): boolean;
}

/**
 * Makes a guard that accepts requests with a configured token, and without a configured token only callers on this machine.
 *
 * @param configuration injection token of the configuration section.
 * @param member of the section, which holds the token.
 * @param variable name of the token in the environment, for errors.
 * @example
 * @Injectable()
 * export class MetricsGuard extends tokenGuard(operatorConfig.KEY, 'metricsToken', 'METRICS_TOKEN') {}
 */
export function tokenGuard<M extends string>(
  configuration: string | symbol,
  member: M,
  variable: string,
): Type<TokenGuard> {
  @Injectable()
  class ConfiguredTokenGuard implements TokenGuard {
    constructor(
      private readonly access: OperatorAccess,
      @Inject(configuration) private readonly config: Readonly<Record<M, string | undefined>>,
    ) {}

    get hasToken(): boolean {
      return this.config[member] !== undefined;
    }

    canActivate(context: ExecutionContext): boolean {
      this.access.check(context.switchToHttp().getRequest<FastifyRequest>(), this.config[member], variable);
      return true;
    }
  }
  return ConfiguredTokenGuard;
}
