import { createCache } from '../create-cache.js';
import type { CacheOptions } from '../create-cache.options.js';

describe('options that can not be meant', () => {
  it.each<[string, CacheOptions]>([
    ['coherence.heartbeatMs', { coherence: { heartbeatMs: 0 } }],
    ['coherence.unconfirmedMs', { coherence: { unconfirmedMs: -1 } }],
    ['coherence.logLength', { coherence: { logLength: Number.NaN } }],
    ['outbox.maxItems', { outbox: { maxItems: 0 } }],
    ['memory.maxTtlMs', { memory: { maxTtlMs: -1 } }],
    ['maxValueBytes', { maxValueBytes: '1mb' as never }],
    ['compressAboveBytes', { compressAboveBytes: -1 }],
  ])('%s is named', (name, options) => {
    expect(() => createCache(options)).toThrow(RangeError);
    expect(() => createCache(options)).toThrow(name);
  });
});
