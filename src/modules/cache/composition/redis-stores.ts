import type { Clock } from '../../../common/clock.js';
import type { RedisPool } from '../../redis/library.js';
import type { ClassSerializers } from '../codec/class-serializers.js';
import type { CacheOptions } from '../create-cache.options.js';
import type { HeardLog } from '../engine/coherence/heard-log.js';
import type { KeyLayout } from '../engine/names/key-layout.js';
import { RedisClock } from '../stores/redis/redis-clock.js';
import { RedisInvalidations } from '../stores/redis/redis-invalidations.js';
import { RedisLayout } from '../stores/redis/redis-layout.js';
import { RedisLog } from '../stores/redis/redis-log.js';
import { RedisTier } from '../stores/redis/redis-tier.js';
import { RedisVersions } from '../stores/redis/redis-versions.js';
import { ScriptCaller } from '../stores/redis/script-caller.js';
import { TimedCommands } from '../stores/redis/timed-commands.js';
import { WakeUps } from '../stores/redis/wake-ups.js';
import { DEFAULT_VALUE_BYTES } from './defaults.js';

const DEFAULT_LOG_LENGTH = 10_000;
/** Writes and invalidations are given up, and queued, after this. */
const COMMAND_TIMEOUT_MS = 500;

/** The Redis stores of one cache. */
export interface RedisStores {
  readonly tier: RedisTier;
  readonly log: RedisLog;
  readonly agreement: RedisLayout;
  readonly invalidations: RedisInvalidations;
  readonly wakeUps: WakeUps;
}

/** The parts of the stores. */
export interface RedisStoresParts {
  readonly pool: RedisPool;
  readonly layout: KeyLayout;
  readonly clock: Clock;
  readonly options: CacheOptions;
  readonly instanceId: string;
  readonly heard: HeardLog;
  readonly classes: ClassSerializers;
}

export function makeRedisStores(parts: RedisStoresParts): RedisStores {
  const { pool, layout, clock, options, instanceId, heard } = parts;
  const logLength = options.coherence?.logLength ?? DEFAULT_LOG_LENGTH;
  const redisClock = new RedisClock(clock, layout.partitions);
  const commands = new TimedCommands(pool, clock);
  const scripts = new ScriptCaller(pool, commands, COMMAND_TIMEOUT_MS);
  const wakeUps = new WakeUps(clock);
  const agreement = new RedisLayout(layout, scripts);
  const log = new RedisLog(pool, layout, scripts, redisClock, agreement, logLength, clock);
  const invalidations = new RedisInvalidations(pool, layout, scripts, redisClock, { instanceId, logLength, heard });
  const versions = new RedisVersions(pool, layout, scripts, clock);
  const limits = { maxValueBytes: options.maxValueBytes ?? DEFAULT_VALUE_BYTES, classes: parts.classes };
  const tier = new RedisTier({
    pool,
    layout,
    scripts,
    redisClock,
    log,
    agreement,
    invalidations,
    versions,
    wakeUps,
    limits,
    commands,
  });
  return { tier, log, agreement, invalidations, wakeUps };
}
