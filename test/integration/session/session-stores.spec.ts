import { randomUUID } from 'node:crypto';
import type { SessionLifetime } from '../../../src/modules/session/model/session-lifetime.js';
import type { Session, SessionData } from '../../../src/modules/session/session.types.js';
import type { SessionStore } from '../../../src/modules/session/stores/session-store.js';
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
    const rotated = await short.rotate(session.id, { newId: randomUUID() });
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
    expect(await brief.revoke(id)).toBe(false);
  });

  it('ends an absolute life however often it is touched', async () => {
    const brief = underTest.open({ idleTimeoutMs: HOUR_MS, absoluteTimeoutMs: 60 });
    const { id } = await begin('ada', {}, brief);
    await eventually(async () => expect(await brief.touch(id)).toBeUndefined(), { intervalMs: 1 });
    expect(await brief.find(id)).toBeUndefined();
  });

  it('revokes for good', async () => {
    const { id, userId } = await begin();
    expect(await store.revoke(id)).toBe(true);
    expect(await store.revoke(id)).toBe(false);
    expect(await store.find(id)).toBeUndefined();
    expect(await store.update(id, { data: {} })).toBe('gone');
    expect(await store.touch(id)).toBeUndefined();
    expect(await store.rotate(id, { newId: randomUUID() })).toBeUndefined();
    expect(await store.create({ id, userId, data: {} })).toBeUndefined();
    expect(await store.list({ userId: userId! })).toEqual([]);
  });

  it('remembers that an id is dead that it never knew', async () => {
    const id = randomUUID();
    expect(await store.revoke(id)).toBe(false);
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
    const rotated = await store.rotate(session.id, { newId });
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
    const session = await store.rotate(anonymous.id, { newId, login: { userId } });
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
    expect(await store.revokeAll({ userId }, mine[1]!.id)).toBe(2);
    expect(await store.list({ userId })).toMatchObject([{ id: mine[1]!.id }]);
    expect(await store.revokeAll({ userId })).toBe(1);
    for (const { id } of mine) expect(await store.update(id, { data: {} })).toBe('gone');
    expect(await store.find(theirs.id)).toEqual(theirs);
  });

  it('lets no session slip away under a new id while all are revoked', async () => {
    const userId = randomUUID();
    const rotateWhileItLives = async (session: Session | undefined): Promise<void> => {
      for (let n = 0; session && n < 200; n++) session = await store.rotate(session.id, { newId: randomUUID() });
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
    expect(await store.revokeAll('everyone')).toBeGreaterThanOrEqual(3);
    expect(await store.list('everyone')).toEqual([]);
    for (const { id } of sessions) expect(await store.find(id)).toBeUndefined();
  });
});
