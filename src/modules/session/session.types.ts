/** A value that JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What an application keeps in a session: a JSON object. */
export type SessionData = Readonly<Record<string, JsonValue>>;

/** A live session. Times are milliseconds since the epoch by the clock of the store that holds it. */
export interface Session {
  /** SHA-256 of the token, base64url: names the session in lists and logs, opens nothing. */
  readonly id: string;
  /** Whose it is; `null` before a login. */
  readonly userId: string | null;
  readonly data: SessionData;
  /** Counts changes of `data`; starts at 1. */
  readonly version: number;
  /** When this login began; rotation keeps it. */
  readonly createdAtMs: number;
  /** Last activity, as precise as touches are throttled. */
  readonly lastSeenAtMs: number;
  /** Ends then unless it is used before; never later than `absoluteExpiresAtMs`. */
  readonly expiresAtMs: number;
  /** Ends then, however much it is used. */
  readonly absoluteExpiresAtMs: number;
}

/** A session with the token that opens it. The token is known only here and to the client: it can't be read again. */
export interface IssuedSession {
  readonly token: string;
  readonly session: Session;
}
