import type { RedisPool } from '../../../redis/library.js';
import type { KeyLayout } from '../../engine/names/key-layout.js';

/** Keys that a `SCAN` looks at. */
const SCAN_COUNT = 1_000;

/** Names of the entries of a namespace, as `RemoteTier.scan` promises them. */
export async function* scanNames(pool: RedisPool, layout: KeyLayout, path: string): AsyncGenerator<readonly string[]> {
  const client = pool.client('bulk');
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  for (const node of nodes) {
    let cursor = '0';
    do {
      if (!pool.monitor.canRead()) return;
      const [next, slots] = await node.scan(cursor, 'MATCH', layout.slotPattern(path), 'COUNT', SCAN_COUNT);
      cursor = next;
      yield slots.flatMap((slot) => layout.nameInSlot(slot, path) ?? []);
    } while (cursor !== '0');
  }
}
