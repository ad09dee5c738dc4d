import type { AvailabilityReason } from '../redis.types.js';

/** Why a command or a connection failed, as far as it says something about Redis. */
export type FailureReason = Exclude<AvailabilityReason, 'ok' | 'connecting' | 'recovery'>;

/**
 * What a failure says about later commands.
 * - `all`, `writes`: every command, or every write, will fail until something changes there.
 * - `maybe`: perhaps the next one fails as well; only many in a row say more.
 * - `none`: the server answered; only this command was wrong.
 */
export type FailureVerdict = 'all' | 'writes' | 'maybe' | 'none';

const VERDICTS: Record<FailureReason, FailureVerdict> = {
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
  NOPERM: 'maybe',
  timeout: 'maybe',
  refused: 'maybe',
  closed: 'maybe',
  tls: 'maybe',
  error: 'none',
};

/** What the reason says about later commands. */
export const verdictOf = (reason: FailureReason): FailureVerdict => VERDICTS[reason];

/** First match wins. Texts are those of Redis 6.2 to 8, Valkey, Upstash, Node and ioredis 6. */
const PATTERNS: readonly (readonly [RegExp, FailureReason])[] = [
  [/invalid password|invalid username-password|invalid or missing auth token/i, 'WRONGPASS'],
  [/^ERR (The user executing the script can't|ACL failure in script)/, 'NOPERM'],
  [/DB capacity quota/i, 'OOM'],
  [/max (daily |monthly )?(requests?|concurrent connections) limit|quota|rate limit/i, 'QUOTA'],
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

/** What errors of Node, ioredis and Redis have in common. Not `instanceof Error`: they may come from another realm. */
interface ErrorLike {
  readonly name?: string;
  readonly message: string;
  readonly code?: string;
  readonly lastNodeError?: unknown;
}

const isErrorLike = (error: unknown): error is ErrorLike =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';

/** Classifies what a command rejected with or a connection's `error` event carried. Never throws. */
export function classifyFailure(error: unknown): FailureReason {
  if (!isErrorLike(error)) return 'error';
  if (error.name === 'TimeoutError') return 'timeout';
  // A Cluster that reached no node says so, and carries why.
  if (isErrorLike(error.lastNodeError)) return classifyFailure(error.lastNodeError);
  const word = /^[A-Z]+/.exec(error.message)?.[0];
  if (word !== undefined && word in VERDICTS) return word as FailureReason;
  const text = `${error.message} ${error.code ?? ''}`;
  return PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? 'error';
}
