import type { AvailabilityReason } from '../redis.types.js';

/** Why a command or a connection failed. */
export type FailureReason = Exclude<AvailabilityReason, 'ok' | 'connecting' | 'recovery'>;

/**
 * The impact of a failure on later commands.
 * - `all`, `writes`: every command, or every write, will fail until the server's state changes.
 * - `maybe`: the next command may fail too. Only many failures in a row are significant.
 * - `none`: the server answered, and only this command was wrong.
 */
export type FailureImpact = 'all' | 'writes' | 'maybe' | 'none';

const IMPACTS: Record<FailureReason, FailureImpact> = {
  READONLY: 'writes',
  OOM: 'writes',
  NOREPLICAS: 'writes',
  MISCONF: 'writes',
  LOADING: 'all',
  MASTERDOWN: 'all',
  CLUSTERDOWN: 'all',
  BUSY: 'all',
  WRONGPASS: 'all',
  NOAUTH: 'all',
  QUOTA: 'all',
  database: 'all',
  NOPERM: 'maybe',
  timeout: 'maybe',
  refused: 'maybe',
  closed: 'maybe',
  tls: 'maybe',
  error: 'none',
};

/** The impact of a reason on later commands. */
export const impactOf = (reason: FailureReason): FailureImpact => IMPACTS[reason];

/** The first match counts. The texts come from Redis 6.2 to 8, Valkey, Upstash, Node and ioredis 6. */
const PATTERNS: readonly (readonly [RegExp, FailureReason])[] = [
  [/invalid password|invalid username-password|invalid or missing auth token/i, 'WRONGPASS'],
  [/^ERR (The user executing the script can't|ACL failure in script)/, 'NOPERM'],
  [/DB capacity quota/i, 'OOM'],
  [/max (daily |monthly )?(requests?|concurrent connections) limit|quota|rate limit/i, 'QUOTA'],
  [/DB index is out of range|invalid DB index|SELECT is not allowed in cluster mode/i, 'database'],
  [/max number of clients/i, 'refused'],
  [/Too many Cluster redirections/, 'CLUSTERDOWN'],
  [/timed out|ETIMEDOUT|Socket timeout|commands in flight/i, 'timeout'],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|sentinels are unreachable|startup nodes|refresh slots cache/,
    'refused',
  ],
  [/certificate|wrong version number|SSL|TLS|EPROTO/i, 'tls'],
  [
    /ECONNRESET|EPIPE|Connection is closed|isn't writeable|isn't ready|max retries per request|aborted due to connection close/i,
    'closed',
  ],
];

/** The common part of errors of Node, ioredis and Redis. `instanceof Error` is not used, because they may come from another realm. */
interface ErrorLike {
  readonly name?: string;
  readonly message: string;
  readonly code?: string;
  readonly lastNodeError?: unknown;
}

const isErrorLike = (error: unknown): error is ErrorLike =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';

/** Classifies the error of a command or of a connection's `error` event. Never throws. */
export function classifyFailure(error: unknown): FailureReason {
  if (!isErrorLike(error)) return 'error';
  if (error.name === 'TimeoutError') return 'timeout';
  // When a Cluster client reaches no node, its error contains the error of the last one.
  if (isErrorLike(error.lastNodeError)) return classifyFailure(error.lastNodeError);
  const word = /^[A-Z]+/.exec(error.message)?.[0];
  if (word !== undefined && word in IMPACTS) return word as FailureReason;
  const text = `${error.message} ${error.code ?? ''}`;
  return PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? 'error';
}
