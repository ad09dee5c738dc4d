/** A JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The data an application stores in a session: a JSON object. */
export type SessionData = Readonly<Record<string, JsonValue>>;

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
}

/** A session with its token. Only this object and the client have the token: it can't be read from the store. */
export interface IssuedSession {
  readonly token: string;
  readonly session: Session;
}
