import type { Clock } from '../../../common/clock.js';
import { ClassSerializers, decoratedClasses } from '../codec/class-serializers.js';
import { StoredForms } from '../codec/stored-forms.js';
import type { CacheOptions } from '../create-cache.options.js';
import { EventBus } from '../engine/contract/event-bus.js';
import { FlightTable } from '../engine/local/flight-table.js';
import { KeyFence } from '../engine/local/key-fence.js';
import type { MemoryEntry } from '../engine/local/memory-entry.js';
import { MemoryLevel } from '../engine/local/memory-level.js';
import { QueuedValues } from '../engine/local/queued-values.js';
import { MemorySweeper } from '../engine/local/memory-sweeper.js';
import { TrustWindow } from '../engine/local/trust-window.js';
import { WriteOrder } from '../engine/local/write-order.js';
import { Outbox } from '../engine/outage/outbox.js';
import { PeerTombstones } from '../engine/outage/peer-tombstones.js';
import { Counters } from '../engine/parts/counters.js';
import type { LocalParts } from '../engine/parts/engine-parts.js';
import type { MemoryTier } from '../engine/ports/memory-tier.js';
import { NoMemoryTier } from '../engine/ports/memory-tier.none.js';
import { DependencyTable } from '../engine/versions/dependency-table.js';
import { MemoryStore } from '../stores/memory/memory-store.js';
import { DEFAULT_VALUE_BYTES } from './defaults.js';

const DEFAULT_MEMORY_BYTES = 64 * 2 ** 20;
/** Tags that no entry in memory carries take at most this share of the memory tier. */
const IDLE_TAGS_SHARE = 0.1;
/** Longest time in memory, with Redis behind it. */
const DEFAULT_MEMORY_TTL_MS = 60_000;
const DEFAULT_OUTBOX_ITEMS = 100_000;
/** Entries that are stored in memory while the log can't be followed live this long. */
const FALLBACK_TTL_MS = 5_000;

/** Makes the parts that every cache has, with Redis or without, and the window in which memory may be served. */
export function makeLocalParts(
  options: CacheOptions,
  clock: Clock,
  namespace: string,
): { parts: LocalParts; trust: TrustWindow } {
  const hasRedis = options.redis !== undefined;
  const trust = new TrustWindow(hasRedis ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
  const events = new EventBus();
  const table = makeTable(options);
  const maxValueBytes = options.maxValueBytes ?? DEFAULT_VALUE_BYTES;
  const memory = new MemoryLevel(makeMemoryTier(options, events, table, namespace), table, trust, clock, {
    maxTtlMs: memoryOptions(options)?.maxTtlMs ?? (hasRedis ? DEFAULT_MEMORY_TTL_MS : Number.POSITIVE_INFINITY),
    // A cache that fails closed serves no unconfirmed entry, not even one that was loaded meanwhile.
    fallbackTtlMs: options.coherence?.unconfirmedMs === 0 ? 0 : FALLBACK_TTL_MS,
    maxValueBytes,
  });
  const sweeper = new MemorySweeper(memory, clock, (swept) =>
    events.emit('memoryFlushed', { cache: namespace, reason: 'clear', ...swept }),
  );
  const parts = {
    clock,
    table,
    events,
    memory,
    forms: new StoredForms(new ClassSerializers(options.serializers, decoratedClasses), maxValueBytes),
    sweeper,
    fence: new KeyFence(),
    flights: new FlightTable(table),
    order: new WriteOrder(),
    queuedValues: new QueuedValues(),
    outbox: new Outbox(options.outbox?.maxItems ?? DEFAULT_OUTBOX_ITEMS),
    peerTombstones: new PeerTombstones(clock),
    counters: new Counters(),
  };
  return { parts, trust };
}

function makeTable(options: CacheOptions): DependencyTable {
  const settings = memoryOptions(options);
  if (settings === undefined) return new DependencyTable();
  const bytes = IDLE_TAGS_SHARE * (settings.maxBytes ?? DEFAULT_MEMORY_BYTES);
  return new DependencyTable(DependencyTable.idleTagsWithin(bytes));
}

function makeMemoryTier(
  options: CacheOptions,
  events: EventBus,
  table: DependencyTable,
  cache: string,
): MemoryTier<MemoryEntry> {
  const settings = memoryOptions(options);
  if (settings === undefined) return new NoMemoryTier<MemoryEntry>();
  return new MemoryStore<MemoryEntry>({
    maxBytes: settings.maxBytes ?? DEFAULT_MEMORY_BYTES,
    onEvict: ({ sizeBytes }) => {
      if (events.has('eviction')) events.emit('eviction', { cache, count: 1, freedBytes: sizeBytes });
    },
    onRemove: ({ snapshot }) => table.release(snapshot),
    otherBytes: () => table.tagBytes,
  });
}

/** `undefined` where the memory tier is turned off. */
function memoryOptions({ memory }: CacheOptions): Exclude<CacheOptions['memory'], false> {
  return memory === false ? undefined : (memory ?? {});
}
