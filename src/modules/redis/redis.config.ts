import { z } from 'zod';
import { booleanText, bytesText, durationText, listText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';

const count = () => z.coerce.number().int();
const ratio = () => z.coerce.number().gt(0).max(1);

/** Address and connections of Redis, and thresholds of warnings. */
export const redisConfig = defineConfig('redis', {
  url: {
    env: 'REDIS_URL',
    doc: 'redis://user:password@host:6379/0, or rediss:// for TLS. With sentinels or cluster nodes only login, database and TLS are taken from it. Default: no Redis, memory only.',
    schema: z
      .string()
      .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
      .optional(),
    isSecret: true,
  },
  sentinels: {
    env: 'REDIS_SENTINELS',
    doc: 'host:port of each Sentinel, separated by commas. Default: none.',
    schema: listText().prefault(''),
  },
  sentinelMaster: {
    env: 'REDIS_SENTINEL_MASTER',
    doc: 'The name by which the Sentinels know the master. Default mymaster.',
    schema: z.string().default('mymaster'),
  },
  sentinelPassword: {
    env: 'REDIS_SENTINEL_PASSWORD',
    doc: 'Password of the Sentinels themselves. Default: none.',
    schema: z.string().optional(),
    isSecret: true,
  },
  clusterNodes: {
    env: 'REDIS_CLUSTER_NODES',
    doc: 'host:port of a few nodes of a Redis Cluster, separated by commas. Default: none.',
    schema: listText().prefault(''),
  },
  tlsCaFile: {
    env: 'REDIS_TLS_CA_FILE',
    doc: 'PEM file with the authority that signed the certificate of Redis. Default: the authorities of the system.',
    schema: z.string().optional(),
  },
  tlsServername: {
    env: 'REDIS_TLS_SERVERNAME',
    doc: 'Name in the certificate of Redis, if it is not the host in the URL. Default: the host.',
    schema: z.string().optional(),
  },
  poolSize: {
    env: 'REDIS_POOL_SIZE',
    doc: 'Connections on each of the two lanes (small commands, large ones). Default 2.',
    schema: count().min(1).max(64).default(2),
  },
  connectTimeoutMs: {
    env: 'REDIS_CONNECT_TIMEOUT',
    doc: 'Timeout of an attempt to connect. Default 1s.',
    schema: durationText().prefault('1s'),
  },
  commandTimeoutMs: {
    env: 'REDIS_COMMAND_TIMEOUT',
    doc: 'Timeout of a command; five times as long for large ones. Default 1s.',
    schema: durationText().prefault('1s'),
  },
  socketTimeoutMs: {
    env: 'REDIS_SOCKET_TIMEOUT',
    doc: 'A connection with pending replies that receives nothing for this time is replaced. Default 1s.',
    schema: durationText().prefault('1s'),
  },
  maxPending: {
    env: 'REDIS_MAX_PENDING',
    doc: 'Most commands in flight on one connection; further ones fail at once. Default 10000.',
    schema: count().min(1).default(10_000),
  },
  readBudgetFloorMs: {
    env: 'REDIS_READ_BUDGET_MIN',
    doc: 'Shortest time a read waits for Redis before it continues without Redis. Default 10ms.',
    schema: durationText().prefault('10ms'),
  },
  readBudgetCapMs: {
    env: 'REDIS_READ_BUDGET_MAX',
    doc: 'Longest time a read waits for Redis, unless the network to Redis is slower. Default 50ms.',
    schema: durationText().prefault('50ms'),
  },
  lateReadMs: {
    env: 'REDIS_READ_LATE_MAX',
    doc: 'An answer that is later than the budget is waited for this long: beside the loader, or alone where there is none. Default 500ms.',
    schema: durationText().prefault('500ms'),
  },
  probePrefix: {
    env: 'REDIS_PROBE_PREFIX',
    doc: 'The availability probe writes the key {prefix}:probe; set the prefix if an ACL allows only other keys. Default CACHE_NAMESPACE.',
    schema: z.string().min(1).default('larder'),
  },
  memoryPollMs: {
    env: 'REDIS_MEMORY_POLL',
    doc: "How often Redis's memory, evictions and policy are checked (one INFO); 0 means never. Default 30s.",
    schema: durationText().prefault('30s'),
  },
  memoryWarnRatio: {
    env: 'REDIS_MEMORY_WARN',
    doc: 'Share of maxmemory above which a warning is logged. Default 0.8.',
    schema: ratio().default(0.8),
  },
  memoryCriticalRatio: {
    env: 'REDIS_MEMORY_CRITICAL',
    doc: 'Share of maxmemory above which the warning becomes critical. Default 0.95.',
    schema: ratio().default(0.95),
  },
  memoryLimitBytes: {
    env: 'REDIS_MEMORY_LIMIT',
    doc: 'Memory limit of a Redis that does not report one (maxmemory 0, or the limit of a plan). Default: its maxmemory.',
    schema: bytesText().optional(),
  },
  evictionPolicy: {
    env: 'REDIS_SET_EVICTION_POLICY',
    doc: 'Set this maxmemory-policy on Redis (needs permission for CONFIG SET). Default: the policy is only checked.',
    schema: z
      .enum(['noeviction', 'volatile-lfu', 'volatile-lru', 'volatile-ttl', 'allkeys-lfu', 'allkeys-lru'])
      .optional(),
  },
  pricePer100kCommands: {
    env: 'REDIS_PRICE_PER_100K',
    doc: 'Price of 100,000 commands, for the estimate shown in metrics and dashboard. Default 0.2, in US dollars at Upstash.',
    schema: z.coerce.number().min(0).default(0.2),
  },
  isPerCommandBilled: {
    env: 'REDIS_PER_COMMAND_BILLING',
    doc: 'Whether the estimate is shown. Default: only when the host is at upstash.io.',
    schema: booleanText().optional(),
  },
});

export type RedisConfig = ConfigOf<typeof redisConfig>;
