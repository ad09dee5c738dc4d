import type { CacheOptions } from './create-cache.options.js';

/** @throws RangeError that names the first option whose value can't be meant. */
export function assertOptions({ coherence, outbox, memory, maxValueBytes, compressAboveBytes }: CacheOptions): void {
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
