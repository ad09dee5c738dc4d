import { randomUUID } from 'node:crypto';
import type { SessionLifetime } from '../../../src/modules/session/model/session-lifetime.js';
import type { Session, SessionData } from '../../../src/modules/session/session.types.js';
import type { SessionStore, SweptSessionStore } from '../../../src/modules/session/stores/session-store.js';
import { eventually } from '../../support/eventually.js';
import { CLUSTER, STORES, type StoreUnderTest } from './stores.js';

const HOUR_MS = 3_600_000;
const LIFETIME: SessionLifetime = { idleTimeoutMs: HOUR_MS, absoluteTimeoutMs: 2 * HOUR_MS };

describe.each([...STORES, CLUSTER])('a session store: %s', (_name, start) => {
  let underTest: StoreUnderTest;
  let store: SessionStore;
  beforeAll(async () => {
    underTest = await start();
    store = underTest.open(LIFETIME);
  });
  afterAll(() => underTest.stop());

  const begin = async (
    userId: string | null = randomUUID(),
    data: SessionData = { n: 0 },
    into = store,
  ): Promise<Session> => {
    const session = await into.create({ id: randomUUID(), userId, data });
    if (!session) throw new Error('not created');
    return session;
  };

  it('creates a session and finds it as it was given', async () => {
    const session = await begin('ada', {
      cart: ['tea', { n: 1.5 }],
      empty: [],
      none: null,
      odd: '\u0000 é 😀 _function_x {}',
    });
    expect(session).toMatchObject({ userId: 'ada', version: 1 });
    expect(session.data).toEqual({
      cart: ['tea', { n: 1.5 }],
      empty: [],
      none: null,
      odd: '\u0000 é 😀 _function_x {}',
    });
    expect(session.expiresAtMs - session.createdAtMs).toBe(HOUR_MS);
    expect(session.absoluteExpiresAtMs - session.createdAtMs).toBe(2 * HOUR_MS);
    expect(await store.find(session.id)).toEqual(session);
  });

  it('keeps a session without a user', async () => {
    const session = await begin(null);
    expect((await store.find(session.id))?.userId).toBeNull();
  });

  it('knows nothing of an id it did not make', async () => {
    const id = randomUUID();
    expect(await store.find(id)).toBeUndefined();
    expect(await store.touch(id)).toBeUndefined();
    expect(await store.rotate(id, { newId: randomUUID() })).toBeUndefined();
    expect(await store.update(id, { data: {} })).toBe('unknown');
  });

  it('makes no second session of one id', async () => {
    const { id } = await begin('ada');
    expect(await store.create({ id, userId: 'eve', data: {} })).toBeUndefined();
    expect((await store.find(id))?.userId).toBe('ada');
  });

  it('replaces data and counts versions', async () => {
    const { id } = await begin();
    expect(await store.update(id, { data: { n: 1 }, ifVersion: 1 })).toMatchObject({ version: 2, data: { n: 1 } });
    expect(await store.update(id, { data: { n: 2 }, ifVersion: 1 })).toBe('conflict');
    expect(await store.update(id, { data: { n: 3 } })).toMatchObject({ version: 3 });
    expect(await store.find(id)).toMatchObject({ version: 3, data: { n: 3 } });
  });

  it("moves a session to another user and to that user's list", async () => {
    const [before, after] = [randomUUID(), randomUUID()];
    const { id } = await begin(before);
    await store.update(id, { data: {}, userId: after });
    expect(await store.list({ userId: before })).toEqual([]);
    expect(await store.list({ userId: after })).toMatchObject([{ id, userId: after }]);
  });

  it('moves the idle end by use, and never past the absolute one', async () => {
    const short = underTest.open({ idleTimeoutMs: HOUR_MS, absoluteTimeoutMs: HOUR_MS + 5 });
    const session = await begin('ada', {}, short);
    const used = await eventually(async () => {
      const touched = await short.touch(session.id);
      expect(touched!.lastSeenAtMs).toBeGreaterThan(session.lastSeenAtMs + 5);
      return touched!;
    });
    expect(used.absoluteExpiresAtMs).toBe(session.absoluteExpiresAtMs);
    expect(used.expiresAtMs).toBe(session.absoluteExpiresAtMs);
    const saved = await short.update(session.id, { data: {} });
    const rotated = (await short.rotate(session.id, { newId: randomUUID() }))?.session;
    for (const later of [saved, rotated])
      expect(later).toMatchObject({
        absoluteExpiresAtMs: session.absoluteExpiresAtMs,
        expiresAtMs: session.absoluteExpiresAtMs,
      });
  });

  it.each([
    ['idle', { idleTimeoutMs: 40, absoluteTimeoutMs: HOUR_MS }],
    ['absolute', { idleTimeoutMs: HOUR_MS, absoluteTimeoutMs: 40 }],
  ])('ends a session at its %s end for good', async (_end, lifetime) => {
    const brief = underTest.open(lifetime);
    const { id } = await begin('ada', {}, brief);
    await eventually(async () => expect(await brief.find(id)).toBeUndefined());
    expect(await brief.touch(id)).toBeUndefined();
    expect(await brief.update(id, { data: {} })).toBe('gone');
    expect(await brief.rotate(id, { newId: randomUUID() })).toBeUndefined();
    expect(await brief.create({ id, userId: 'ada', data: {} })).toBeUndefined();
    expect(await brief.revoke(id)).toEqual({ count: 0, status: 'applied' });
  });

  it('ends an absolute life however often it is touched', async () => {
    const brief = underTest.open({ idleTimeoutMs: HOUR_MS, absoluteTimeoutMs: 60 });
    const { id } = await begin('ada', {}, brief);
    await eventually(async () => expect(await brief.touch(id)).toBeUndefined(), { intervalMs: 1 });
    expect(await brief.find(id)).toBeUndefined();
  });

  it('revokes for good', async () => {
    const { id, userId } = await begin();
    expect(await store.revoke(id)).toEqual({ count: 1, status: 'applied' });
    expect(await store.revoke(id)).toEqual({ count: 0, status: 'applied' });
    expect(await store.find(id)).toBeUndefined();
    expect(await store.update(id, { data: {} })).toBe('gone');
    expect(await store.touch(id)).toBeUndefined();
    expect(await store.rotate(id, { newId: randomUUID() })).toBeUndefined();
    expect(await store.create({ id, userId, data: {} })).toBeUndefined();
    expect(await store.list({ userId: userId! })).toEqual([]);
  });

  it('remembers that an id is dead that it never knew', async () => {
    const id = randomUUID();
    expect(await store.revoke(id)).toEqual({ count: 0, status: 'applied' });
    expect(await store.create({ id, userId: null, data: {} })).toBeUndefined();
    expect(await store.update(id, { data: {} })).toBe('gone');
  });

  it('lets a revocation win over fifty saves, touches and rotations under way', async () => {
    const { id, userId } = await begin();
    const rival = async (n: number): Promise<unknown> => {
      if (n === 25) return store.revoke(id);
      if (n % 10 === 9) return store.touch(id);
      return store.update(id, { data: { n } });
    };
    await Promise.all(Array.from({ length: 51 }, (_, n) => rival(n)));
    expect(await store.find(id)).toBeUndefined();
    expect(await store.list({ userId: userId! })).toEqual([]);
  });

  it('gives a session a new id and keeps the rest', async () => {
    const session = await begin('ada', { n: 7 });
    const newId = randomUUID();
    const rotated = (await store.rotate(session.id, { newId }))?.session;
    expect(rotated).toMatchObject({
      id: newId,
      userId: 'ada',
      data: { n: 7 },
      createdAtMs: session.createdAtMs,
      absoluteExpiresAtMs: session.absoluteExpiresAtMs,
    });
    expect(await store.find(newId)).toEqual(rotated);
    expect(await store.find(session.id)).toBeUndefined();
    expect(await store.update(session.id, { data: {} })).toBe('gone');
  });

  it('begins the absolute life anew when a user logs in', async () => {
    const anonymous = await begin(null, { cart: 1 });
    const userId = randomUUID();
    const newId = randomUUID();
    await eventually(async () =>
      expect((await store.touch(anonymous.id))!.lastSeenAtMs).toBeGreaterThan(anonymous.createdAtMs),
    );
    const session = (await store.rotate(anonymous.id, { newId, login: { userId } }))?.session;
    expect(session).toMatchObject({ id: newId, userId, data: { cart: 1 } });
    expect(session!.createdAtMs).toBeGreaterThan(anonymous.createdAtMs);
    expect(session!.absoluteExpiresAtMs).toBe(session!.createdAtMs + 2 * HOUR_MS);
    expect(await store.list({ userId })).toEqual([session]);
  });

  it('gives one new id when two rotate at once', async () => {
    const { id, userId } = await begin();
    const rotated = await Promise.all(Array.from({ length: 10 }, () => store.rotate(id, { newId: randomUUID() })));
    expect(rotated.filter((session) => session !== undefined)).toHaveLength(1);
    expect(await store.list({ userId: userId! })).toHaveLength(1);
  });

  it('lists and revokes the sessions of a user and of no other user', async () => {
    const [userId, other] = [randomUUID(), randomUUID()];
    const mine = [await begin(userId), await begin(userId), await begin(userId)];
    const theirs = await begin(other);
    expect((await store.list({ userId })).map(({ id }) => id).toSorted()).toEqual(mine.map(({ id }) => id).toSorted());
    expect(await store.revokeAll({ userId }, mine[1]!.id)).toEqual({ count: 2, status: 'applied' });
    expect(await store.list({ userId })).toMatchObject([{ id: mine[1]!.id }]);
    expect(await store.revokeAll({ userId })).toEqual({ count: 1, status: 'applied' });
    for (const { id } of mine) expect(await store.update(id, { data: {} })).toBe('gone');
    expect(await store.find(theirs.id)).toEqual(theirs);
  });

  it('lets no session slip away under a new id while all are revoked', async () => {
    const userId = randomUUID();
    const rotateWhileItLives = async (session: Session | undefined): Promise<void> => {
      for (let n = 0; session && n < 200; n++)
        session = (await store.rotate(session.id, { newId: randomUUID() }))?.session;
    };
    const started = await Promise.all(Array.from({ length: 5 }, () => begin(userId)));
    const rotations = started.map(rotateWhileItLives);
    await store.revokeAll({ userId });
    const survivors = await store.list({ userId });
    await store.revokeAll({ userId });
    await Promise.all(rotations);
    expect(survivors).toEqual([]);
  });

  it('revokes all sessions', async () => {
    const sessions = [await begin(), await begin(null), await begin()];
    expect((await store.revokeAll('everyone')).count).toBeGreaterThanOrEqual(3);
    expect(await store.list('everyone')).toEqual([]);
    for (const { id } of sessions) expect(await store.find(id)).toBeUndefined();
  });

  it('keeps timeouts of its own through uses and rotations, and takes those of a login', async () => {
    const lifetime = { idleTimeoutMs: 2 * HOUR_MS, absoluteTimeoutMs: 100 * HOUR_MS };
    const session = (await store.create({ id: randomUUID(), userId: randomUUID(), data: {}, lifetime }))!;
    expect(session.idleTimeoutMs).toBe(2 * HOUR_MS);
    expect(session.expiresAtMs - session.lastSeenAtMs).toBe(2 * HOUR_MS);
    expect(session.absoluteExpiresAtMs - session.createdAtMs).toBe(100 * HOUR_MS);
    const rotated = (await store.rotate(session.id, { newId: randomUUID() }))!.session;
    for (const later of [
      rotated,
      (await store.touch(rotated.id))!,
      (await store.update(rotated.id, { data: {} })) as Session,
    ]) {
      expect(later.expiresAtMs - later.lastSeenAtMs).toBe(2 * HOUR_MS);
      expect(later.absoluteExpiresAtMs).toBe(session.absoluteExpiresAtMs);
    }
    const login = { userId: randomUUID(), lifetime: { absoluteTimeoutMs: 50 * HOUR_MS } };
    const loggedIn = (await store.rotate(rotated.id, { newId: randomUUID(), login }))!.session;
    expect(loggedIn.idleTimeoutMs).toBeNull();
    expect(loggedIn.expiresAtMs - loggedIn.lastSeenAtMs).toBe(HOUR_MS);
    expect(loggedIn.absoluteExpiresAtMs - loggedIn.createdAtMs).toBe(50 * HOUR_MS);
  });

  it('knows the client that used a session last', async () => {
    const client = { address: '2001:db8::1', userAgent: 'é "quoted" \u{1f600}' };
    const { id } = (await store.create({ id: randomUUID(), userId: randomUUID(), data: {}, client }))!;
    expect((await store.find(id))?.client).toEqual(client);
    expect((await store.touch(id))?.client).toEqual(client);
    expect((await store.touch(id, { address: '192.0.2.1' }))?.client).toEqual({ address: '192.0.2.1' });
    expect((await begin()).client).toBeNull();
  });

  it('gives each expired session once, and leaves living and revoked ones', async () => {
    const brief = underTest.open({ idleTimeoutMs: 40, absoluteTimeoutMs: HOUR_MS });
    const swept = brief as SweptSessionStore;
    const userId = randomUUID();
    const expiring = await Promise.all(Array.from({ length: 25 }, () => begin(userId, {}, brief)));
    const revoked = await begin(userId, {}, brief);
    await brief.revoke(revoked.id);
    const lifetime = { idleTimeoutMs: HOUR_MS };
    const living = (await brief.create({ id: randomUUID(), userId, data: {}, lifetime }))!;
    const found: string[] = [];
    await eventually(async () => {
      // Two instances at a time.
      for (const { expired } of await Promise.all([swept.sweep(10), swept.sweep(10)]))
        found.push(...expired.filter((one) => one.userId === userId).map(({ id }) => id));
      expect(found.toSorted()).toEqual(expiring.map(({ id }) => id).toSorted());
    });
    expect(await brief.list({ userId })).toMatchObject([{ id: living.id }]);
    expect(await brief.update(expiring[0]!.id, { data: {} })).toBe('gone');
  });

  it('revokes everyone only when asked for everyone', async () => {
    const { id } = await begin();
    for (const userId of ['', '*', 'everyone', '=']) expect((await store.revokeAll({ userId })).count).toBe(0);
    expect(await store.find(id)).toBeDefined();
  });

  it('misses none of many sessions while the one that is kept changes its id', async () => {
    const userId = randomUUID();
    const beginMany = () => Promise.all(Array.from({ length: 350 }, () => begin(userId)));
    // In the first page of an index, in one behind it, and in the last.
    for (const position of [0, 150, 349]) {
      await beginMany();
      const kept = (await store.list({ userId }))[position]!;
      const isDone = new AbortController();
      const rotating = (async () => {
        let { id } = kept;
        while (!isDone.signal.aborted) {
          const rotated = await store.rotate(id, { newId: randomUUID() });
          if (!rotated) break;
          ({ id } = rotated.session);
        }
        return id;
      })();
      await store.revokeAll({ userId }, kept.id);
      isDone.abort();
      const lastId = await rotating;
      const left = await store.list({ userId });
      expect(left.filter(({ id }) => id !== lastId)).toEqual([]);
      await store.revokeAll({ userId });
      expect(await store.list({ userId })).toEqual([]);
    }
  });
});
