import type { ApplicationConfig } from '@nestjs/core';
import { guardsOf } from '../../../common/nest/nest-internals.js';
import { isPersonal } from './scope.js';
import type { CacheResponseOptions } from '../decorators/cache-response.options.js';

/**
 * The stage of a request at which hits of a route are answered: the earliest one after everything that may refuse the request.
 * - `handler`: in place of Nest's pipeline, after all hooks and middleware, for routes without guards.
 * - `guard`: as the last guard, when the other guards have let the request pass and have identified its caller.
 */
export type HitStage = 'handler' | 'guard';

export function hitStageOf(hasGuards: boolean, options: CacheResponseOptions): HitStage {
  return hasGuards || isPersonal(options) ? 'guard' : 'handler';
}

/** Whether a route has a guard: of the application, of the controller or of the method, which carries its own metadata. */
export function hasGuards(type: Function, method: object, application: ApplicationConfig): boolean {
  const everywhere = application.getGlobalGuards().length + application.getGlobalRequestGuards().length;
  return everywhere > 0 || [type, method].some((target) => guardsOf(target).length > 0);
}
