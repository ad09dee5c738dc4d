import { type CanActivate, type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Door, OperatorAccess } from './operator-access.js';

/** A guard that {@link tokenGuard} made. */
export interface TokenGuard extends CanActivate {
  /** What the guard keeps. */
  readonly door: Door;
  /** True, or it throws as {@link OperatorAccess.check} does. */
  canActivate(context: ExecutionContext): boolean;
}

/** What a guard keeps, without the token. */
export type DoorOptions = Omit<Door, 'token'>;

/**
 * Makes a guard that accepts requests with a configured token, and without a configured token those with the token of the
 * service (`LARDER_TOKEN`).
 *
 * @param configuration injection token of the configuration section.
 * @param member of the section, which holds the token.
 * @example
 * @Injectable()
 * export class MetricsGuard extends tokenGuard(operatorConfig.KEY, 'metricsToken', { name: 'metrics', variable: 'METRICS_TOKEN' }) {}
 */
export function tokenGuard<M extends string>(
  configuration: string | symbol,
  member: M,
  options: DoorOptions,
): Type<TokenGuard> {
  @Injectable()
  class ConfiguredTokenGuard implements TokenGuard {
    readonly door: Door;

    constructor(
      private readonly access: OperatorAccess,
      @Inject(configuration) config: Readonly<Record<M, string | undefined>>,
    ) {
      this.door = { ...options, token: config[member] };
    }

    canActivate(context: ExecutionContext): boolean {
      this.access.check(context.switchToHttp().getRequest<FastifyRequest>(), this.door);
      return true;
    }
  }
  return ConfiguredTokenGuard;
}
