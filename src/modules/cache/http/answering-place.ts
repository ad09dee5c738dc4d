import { GUARDS_METADATA } from '@nestjs/common/internal';
import type { ApplicationConfig } from '@nestjs/core';
import type { CacheResponseOptions } from '../decorators/cache-response.options.js';

/**
 * Where a route's hits are answered: as early as everything that has a say has spoken.
 * - `request`: before Nest's pipeline, where no guard has a say.
 * - `guard`: as the last guard, once the others have let the request pass and know who asks.
 */
export type AnsweringPlace = 'request' | 'guard';

export function placeOf(hasGuards: boolean, { scope }: CacheResponseOptions): AnsweringPlace {
  const isPersonal = scope === 'tenant' || scope === 'user';
  return hasGuards || isPersonal ? 'guard' : 'request';
}

/** Whether any guard has a say in a route: of the application, the controller or the method, which carries its metadata. */
export function hasGuards(type: Function, method: object, application: ApplicationConfig): boolean {
  const everywhere = application.getGlobalGuards().length + application.getGlobalRequestGuards().length;
  return everywhere > 0 || [type, method].some((target) => guardsOf(target).length > 0);
}

function guardsOf(target: object): readonly unknown[] {
  return (Reflect.getMetadata(GUARDS_METADATA, target) as unknown[] | undefined) ?? [];
}
