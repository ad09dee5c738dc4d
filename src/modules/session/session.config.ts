import { z } from 'zod';
import { booleanText, bytesText, durationText, listText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';

const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, 'give the SHA-256 of each key in hex (printf %s KEY | sha256sum)');

/** Lifetime and storage of sessions, and the keys that may create them. */
export const sessionConfig = defineConfig('session', {
  idleTimeoutMs: {
    env: 'SESSION_IDLE_TIMEOUT',
    doc: 'A session that is not used for this long ends. Default 30m.',
    schema: durationText()
      .refine((ms) => ms >= 1_000, 'must be at least 1s')
      .prefault('30m'),
  },
  absoluteTimeoutMs: {
    env: 'SESSION_ABSOLUTE_TIMEOUT',
    doc: 'A session ends this long after its login, however much it is used. Default 12h.',
    schema: durationText()
      .refine((ms) => ms >= 1_000, 'must be at least 1s')
      .prefault('12h'),
  },
  maxAbsoluteTimeoutMs: {
    env: 'SESSION_MAX_ABSOLUTE_TIMEOUT',
    doc: 'Longest absolute timeout that a session may be given when it is created ("remember me"). Default: SESSION_ABSOLUTE_TIMEOUT.',
    schema: durationText().optional(),
  },
  maxPerUser: {
    env: 'SESSION_MAX_PER_USER',
    doc: 'Largest number of sessions of one user. Default: no limit.',
    schema: z.coerce.number().int().min(1).max(10_000).optional(),
  },
  onLimit: {
    env: 'SESSION_ON_LIMIT',
    doc: 'When a user has SESSION_MAX_PER_USER sessions and logs in again: end-oldest ends the oldest session, refuse answers 409 to the login. Default end-oldest.',
    schema: z.enum(['end-oldest', 'refuse']).default('end-oldest'),
  },
  touchIntervalMs: {
    env: 'SESSION_TOUCH_INTERVAL',
    doc: 'Shortest time between two records of the use of a session, per instance; at most a quarter of the idle timeout. Default 1m.',
    schema: durationText().prefault('1m'),
  },
  maxDataBytes: {
    env: 'SESSION_MAX_BYTES',
    doc: 'Largest data of a session, as JSON; larger data is answered with 413. Default 16kb.',
    schema: bytesText().prefault('16kb'),
  },
  clientMembers: {
    env: 'SESSION_CLIENT_DATA',
    doc: "Members of a session's data that its client may change over REST (PATCH /sessions/current), separated by commas; * for any, none for no member. A member that decides about rights (a role) must not be among them. Default *.",
    schema: listText().prefault('*'),
  },
  apiKeyHashes: {
    env: 'SESSION_API_KEYS',
    doc: 'SHA-256 in hex of each key that may create sessions and administer the sessions of any user over REST, separated by commas. Default: none, so no caller may.',
    schema: listText().pipe(z.array(sha256Hex)).prefault(''),
    isSecret: true,
  },
  isCookieSecure: {
    env: 'SESSION_COOKIE_SECURE',
    doc: 'Send the cookie as __Host-sid over HTTPS only (browsers also accept it from http://localhost). False, for plain HTTP in development: a cookie called sid. Default true.',
    schema: booleanText().prefault('true'),
  },
  onOutage: {
    env: 'SESSION_ON_OUTAGE',
    doc: 'When no store answers: memory continues with the sessions this instance knows and writes changes back later; closed answers 503. Default memory.',
    schema: z.enum(['memory', 'closed']).default('memory'),
  },
  redisUrl: {
    env: 'SESSION_REDIS_URL',
    doc: 'A Redis for sessions alone, which should not evict (maxmemory-policy noeviction). Default: REDIS_URL.',
    schema: z
      .string()
      .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
      .optional(),
    isSecret: true,
  },
  memoryBytes: {
    env: 'SESSION_MEMORY',
    doc: 'Bytes of sessions in memory: all sessions without Redis and database, copies otherwise. 0, for no copies, needs a database. Default 64mb.',
    schema: bytesText().prefault('64mb'),
  },
  cacheTtlMs: {
    env: 'SESSION_CACHE_TTL',
    doc: 'With DATABASE_URL: how long a session read from the database is cached. Default 1m.',
    schema: durationText().prefault('1m'),
  },
});

export type SessionConfig = ConfigOf<typeof sessionConfig>;

/** The longest time that a session can live, ms. */
export function longestTimeoutMs({ absoluteTimeoutMs, maxAbsoluteTimeoutMs = 0 }: SessionConfig): number {
  return Math.max(absoluteTimeoutMs, maxAbsoluteTimeoutMs);
}
