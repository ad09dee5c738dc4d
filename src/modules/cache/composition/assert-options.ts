import type { CacheOptions } from '../create-cache.options.js';
import { assertOptionNames, NAMESPACE_OPTIONS, type OptionNames } from '../engine/parts/option-names.js';

const CACHE_OPTIONS: OptionNames<CacheOptions> = {
  ...NAMESPACE_OPTIONS,
  namespace: true,
  redis: true,
  memory: true,
  announcements: true,
  coherence: true,
  outbox: true,
  maxValueBytes: true,
  partitions: true,
  serializers: true,
  clock: true,
};

/** @throws TypeError for an unknown option, RangeError for an invalid value. Both name the option. */
export function assertOptions(options: CacheOptions): void {
  assertOptionNames(options, CACHE_OPTIONS);
  const { coherence, outbox, memory, maxValueBytes, compressAboveBytes } = options;
  const { maxBytes, maxTtlMs } = memory === false ? {} : (memory ?? {});
  atLeast('coherence.heartbeatMs', coherence?.heartbeatMs, 1);
  atLeast('coherence.unconfirmedMs', coherence?.unconfirmedMs, 0);
  atLeast('coherence.logLength', coherence?.logLength, 1);
  atLeast('outbox.maxItems', outbox?.maxItems, 1);
  atLeast('memory.maxBytes', maxBytes, 1);
  atLeast('memory.maxTtlMs', maxTtlMs, 0);
  atLeast('maxValueBytes', maxValueBytes, 1);
  atLeast('compressAboveBytes', compressAboveBytes, 0);
}

function atLeast(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (typeof value === 'number' && value >= least)) return;
  throw new RangeError(`${name} is a number, ${least} or more, not ${String(value)}.`);
}
