import { partsOf, plainNameOf } from '../names/key-layout.js';
import type { Namespace } from '../names/namespace.js';
import type { EngineParts } from '../parts/engine-parts.js';

/**
 * Lists the keys of a namespace: those in Redis, then those that are in memory alone. A key is told once. Entries that were
 * invalidated are listed until they are gone; who needs a value reads it.
 */
export async function* listKeys({ remote, memory }: EngineParts, namespace: Namespace): AsyncGenerator<string> {
  const told = new Set<string>();
  if (remote?.tier.canRead()) {
    for await (const names of remote.tier.scan(namespace.path)) {
      for (const name of names) {
        const key = plainNameOf(name);
        if (key === undefined || told.has(key)) continue;
        told.add(key);
        yield key;
      }
    }
  }
  for (const entry of memory.store.values()) {
    const { path, key } = partsOf(entry.key);
    if (path === namespace.path && !told.has(key)) yield key;
  }
}
