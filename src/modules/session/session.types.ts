/** A JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The data an application stores in a session: a JSON object. */
export type SessionData = Readonly<Record<string, JsonValue>>;

/** The client that a session was made or used by, as its user sees it in a list. */
export interface SessionClient {
  /** IP address. */
  readonly address?: string;
  /** The `User-Agent` header, cut to 256 characters. */
  readonly userAgent?: string;
}

/**
 * Whether an end (logout, rotation, revocation) holds on every instance: `queued` if the store did not answer, so that
 * only this instance knows. It is sent when the store answers again.
 */
export type EndStatus = 'applied' | 'queued';

/** What a revocation did. */
export interface SessionEnd {
  /** Number of sessions that it ended; while the store is away, of those that this instance knows. */
  readonly count: number;
  readonly status: EndStatus;
}

/** A live session. Times are milliseconds since the epoch by the clock of the store that holds it. */
export interface Session {
  /** SHA-256 of the token, base64url. Identifies the session in lists and logs; it does not authenticate. */
  readonly id: string;
  /** Its user; `null` before a login. */
  readonly userId: string | null;
  readonly data: SessionData;
  /** Counts changes of `data`; starts at 1. */
  readonly version: number;
  /** When this login began; rotation keeps it. */
  readonly createdAtMs: number;
  /** Last use, as precise as the interval of touches. */
  readonly lastSeenAtMs: number;
  /** When it ends if it is not used before; never later than `absoluteExpiresAtMs`. */
  readonly expiresAtMs: number;
  /** When it ends, however much it is used. */
  readonly absoluteExpiresAtMs: number;
  /** Its own idle timeout; `null` for `SESSION_IDLE_TIMEOUT`. */
  readonly idleTimeoutMs: number | null;
  /** The client that used it last, as precise as the interval of touches; `null` if none is known. */
  readonly client: SessionClient | null;
}

/** A session with its token. Only this object and the client have the token: it can't be read from the store. */
export interface IssuedSession {
  readonly token: string;
  readonly session: Session;
}

/** A session whose token was replaced. */
export interface ReissuedSession extends IssuedSession {
  /** Whether the old token is dead on every instance. */
  readonly status: EndStatus;
}
