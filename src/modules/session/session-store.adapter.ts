import { EventEmitter } from 'node:events';
import { decodeData, encodeData } from './model/session-data.js';
import { sessionIdOf } from './model/session-token.js';
import type { Session, SessionData } from './session.types.js';
import type { SessionStore } from './stores/session-store.js';

/** Called with an error, or with `null` and the result. */
export type StoreCallback<T = void> = (error: unknown, result?: T) => void;

/** The store contract of express-session. The contract of `@fastify/session` is a part of it. */
export interface StoreContract<S> {
  get(sid: string, callback: StoreCallback<S | null>): void;
  set(sid: string, session: object, callback?: StoreCallback): void;
  touch(sid: string, session: object, callback?: StoreCallback): void;
  destroy(sid: string, callback?: StoreCallback): void;
  all(callback: StoreCallback<S[]>): void;
  length(callback: StoreCallback<number>): void;
  clear(callback?: StoreCallback): void;
}

/** Options of a {@link SessionStoreAdapter}. */
export interface SessionStoreAdapterOptions {
  /** The user of a session, from its data, so that a user's sessions can be listed and revoked. Default: no user. */
  userIdOf?: (data: SessionData) => string | null | undefined;
  /** Largest data of a session, in bytes of JSON. Default 16,384. */
  maxDataBytes?: number;
}

/**
 * Larder's sessions behind the store contract of express-session and `@fastify/session`. The timeouts are Larder's; the
 * `maxAge` of the cookie only decides how long browsers store it. A save after a logout is dropped without an error, as
 * if it had come before the logout.
 *
 * @example
 * const store = new SessionStoreAdapter<Fastify.Session>(app.get(SESSION_STORE), { userIdOf: (data) => data['userId'] as string });
 * fastify.register(fastifySession, { store, secret });
 * express.use(expressSession({ store: store.mountOn(expressSession.Store), secret, resave: false, saveUninitialized: false }));
 */
export class SessionStoreAdapter<S extends object = Record<string, unknown>>
  extends EventEmitter
  implements StoreContract<S>
{
  private readonly userIdOf: (data: SessionData) => string | null;
  private readonly maxDataBytes: number;

  constructor(
    private readonly store: SessionStore,
    { userIdOf = () => null, maxDataBytes = 16_384 }: SessionStoreAdapterOptions = {},
  ) {
    super();
    this.userIdOf = (data) => userIdOf(data) ?? null;
    this.maxDataBytes = maxDataBytes;
  }

  get(sid: string, callback: StoreCallback<S | null>): void {
    const found = this.store.find(sessionIdOf(sid));
    answer(
      found.then((session) => (session ? toForeign<S>(session) : null)),
      callback,
    );
  }

  set(sid: string, session: object, callback?: StoreCallback): void {
    answer(this.save(sessionIdOf(sid), session), callback);
  }

  touch(sid: string, _session: object, callback?: StoreCallback): void {
    answer(this.store.touch(sessionIdOf(sid)).then(nothing), callback);
  }

  destroy(sid: string, callback?: StoreCallback): void {
    answer(this.store.revoke(sessionIdOf(sid)).then(nothing), callback);
  }

  /** Every living session of the store, also those that were not created through this adapter. */
  all(callback: StoreCallback<S[]>): void {
    answer(
      this.store.list('everyone').then((sessions) => sessions.map(toForeign<S>)),
      callback,
    );
  }

  length(callback: StoreCallback<number>): void {
    answer(
      this.store.list('everyone').then((sessions) => sessions.length),
      callback,
    );
  }

  clear(callback?: StoreCallback): void {
    answer(this.store.revokeAll('everyone').then(nothing), callback);
  }

  /** An instance of express-session's own `Store` class, with the methods of this adapter. */
  mountOn<T extends object>(Base: abstract new () => T): T & StoreContract<S> {
    const methods: StoreContract<S> = {
      get: this.get.bind(this),
      set: this.set.bind(this),
      touch: this.touch.bind(this),
      destroy: this.destroy.bind(this),
      all: this.all.bind(this),
      length: this.length.bind(this),
      clear: this.clear.bind(this),
    };
    return Object.assign(Reflect.construct(Base, []) as T, methods);
  }

  private async save(id: string, session: object): Promise<void> {
    const plain = JSON.parse(JSON.stringify(session)) as SessionData;
    const data = decodeData(encodeData(plain, this.maxDataBytes));
    const userId = this.userIdOf(data);
    const change = { data, userId };
    if ((await this.store.update(id, change)) !== 'unknown') return;
    // Two requests may create the same session. The second one finds it and saves to it.
    if (!(await this.store.create({ id, ...change }))) await this.store.update(id, change);
  }
}

/** A copy, because middleware writes to the session it gets, and stored sessions are shared and frozen. */
function toForeign<S>({ data }: Session): S {
  return structuredClone(data) as S;
}

/** Calls back in a new turn, so that an error thrown by the callback does not count as a failure of the store. */
function answer<T>(outcome: Promise<T>, callback: StoreCallback<T> = () => undefined): void {
  outcome.then(
    (result) => setImmediate(callback, null, result),
    (error: unknown) => setImmediate(callback, error),
  );
}

function nothing(): void {}
