import type { Core } from '../parts/engine-parts.js';

/** What an instance holds of keys: reads and loads under way, and values. */
export type HeldKeys = Pick<Core, 'fence' | 'flights' | 'memory'>;

/** Nothing that this instance holds of the key, or has begun to read or load, is served or kept from now on. */
export function voidKey({ fence, flights, memory }: HeldKeys, memoryKey: string): void {
  fence.raise(memoryKey);
  flights.detach(memoryKey);
  memory.store.delete(memoryKey);
}
