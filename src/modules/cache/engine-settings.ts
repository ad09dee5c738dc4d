import type { CacheConfigValues } from './cache.config.js';
import type { CacheOptions } from './create-cache.options.js';

/** The settings that all engines of a process share, whatever they cache: how they agree with other instances and outlive an outage. */
export function engineSettings(config: CacheConfigValues): Pick<CacheOptions, 'coherence' | 'outbox' | 'partitions'> {
  const { heartbeatMs, unconfirmedMs, logLength, outboxMaxItems, outboxFile, partitions } = config;
  return {
    ...(partitions !== undefined && { partitions }),
    coherence: { heartbeatMs, unconfirmedMs, logLength },
    outbox: { maxItems: outboxMaxItems, ...(outboxFile !== undefined && { file: outboxFile }) },
  };
}
