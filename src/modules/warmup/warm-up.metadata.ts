import 'reflect-metadata';
import { type CachedMethod, WARM_UPS } from '../cache/nest.js';
import type { ArgumentLists, WarmUpOptions } from './warm-up.options.js';

/** The arguments of one `@WarmUp`. */
export interface WarmUpDefinition<T = object, M extends CachedMethod = (...args: unknown[]) => Promise<unknown>> {
  readonly lists: ArgumentLists<T, M>;
  readonly options: WarmUpOptions;
}

export function addWarmUp<T, M extends CachedMethod>(method: object, request: WarmUpDefinition<T, M>): void {
  Reflect.defineMetadata(WARM_UPS, [request, ...warmUpsOf(method)], method);
}

/** A method's warm-ups, top to bottom. */
export function warmUpsOf(method: object): readonly WarmUpDefinition[] {
  return (Reflect.getOwnMetadata(WARM_UPS, method) as WarmUpDefinition[] | undefined) ?? [];
}
