import type { ProtectedData, RedisUsage, RedisWarning } from './redis-usage.types.js';

/** Thresholds, as shares of the memory limit. */
export interface UsageThresholds {
  readonly warnRatio: number;
  readonly criticalRatio: number;
}

/**
 * Whatever is evicted of a cache costs hits only, and a policy that may evict every key never refuses a write
 * (`docs/guides/redis.md`, "Memory and eviction").
 */
export const RECOMMENDED_POLICY = 'allkeys-lru';

/**
 * The warnings for a usage, the most urgent first.
 *
 * @param before the usage of the check before, to report new evictions only.
 * @param isCache whether this Redis is a cache. For a store, which must not evict, `noeviction` is the right policy.
 */
export function usageWarnings(
  usage: RedisUsage,
  before: RedisUsage | undefined,
  thresholds: UsageThresholds,
  protectedData: readonly ProtectedData[],
  isCache = true,
): RedisWarning[] {
  return [
    ...fullness(usage, thresholds, isCache),
    ...(usage.maxBytes === undefined ? [] : policyWarnings(usage, protectedData, isCache)),
    ...evictions(usage, before),
  ];
}

/** Whether a policy may remove keys of this kind. */
export function canEvict(policy: string, data: Pick<ProtectedData, 'hasTtl'>): boolean {
  return policy.startsWith('allkeys-') || (policy.startsWith('volatile-') && data.hasTtl);
}

function fullness(
  { usedRatio, usedBytes }: RedisUsage,
  { warnRatio, criticalRatio }: UsageThresholds,
  isCache: boolean,
): RedisWarning[] {
  if (usedRatio === undefined) {
    return [
      {
        code: 'memory-unlimited',
        severity: 'info',
        message: `Redis has no memory limit (${megabytes(usedBytes)} used): set maxmemory, and maxmemory-policy ${isCache ? RECOMMENDED_POLICY : 'noeviction'}, before the machine runs out of memory.`,
      },
    ];
  }
  if (usedRatio < warnRatio) return [];
  const isCritical = usedRatio >= criticalRatio;
  return [
    {
      code: isCritical ? 'memory-critical' : 'memory-high',
      severity: isCritical ? 'critical' : 'warning',
      message: `Redis uses ${Math.round(usedRatio * 100)} % of its memory: raise maxmemory${isCache ? ', or shorten CACHE_TTL' : ''}.`,
    },
  ];
}

function policyWarnings(
  { evictionPolicy: policy }: RedisUsage,
  protectedData: readonly ProtectedData[],
  isCache: boolean,
): RedisWarning[] {
  if (policy === undefined) return [];
  if (policy === 'noeviction') {
    if (!isCache) return [];
    return [
      {
        code: 'policy-refuses-writes',
        severity: 'info',
        message: `With maxmemory-policy noeviction a full Redis refuses writes. For a cache set ${RECOMMENDED_POLICY} (REDIS_SET_EVICTION_POLICY=${RECOMMENDED_POLICY}).`,
      },
    ];
  }
  return protectedData
    .filter((data) => canEvict(policy, data))
    .map(({ name, consequence }) => ({
      code: 'policy-evicts',
      about: name,
      severity: 'warning',
      message: `maxmemory-policy ${policy} may evict ${name}: ${consequence}`,
    }));
}

function evictions({ evictedKeys }: RedisUsage, before: RedisUsage | undefined): RedisWarning[] {
  const count = evictedKeys - (before?.evictedKeys ?? evictedKeys);
  if (count <= 0) return [];
  return [
    {
      code: 'evicting',
      severity: 'warning',
      message: `Redis evicted ${count} keys since the last check: raise maxmemory if hits matter.`,
    },
  ];
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
