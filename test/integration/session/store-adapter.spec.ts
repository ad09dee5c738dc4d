import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { SessionStoreAdapter } from '../../../src/modules/session/index.js';
import type { SessionStore } from '../../../src/modules/session/stores/session-store.js';
import { STORES, type StoreUnderTest } from './stores.js';

const LIFETIME = { idleTimeoutMs: 3_600_000, absoluteTimeoutMs: 7_200_000 };
const newSid = () => randomBytes(24).toString('base64url');
const newSession = (more: object = {}) => ({ cookie: { originalMaxAge: null, httpOnly: true, path: '/' }, ...more });

describe.each(STORES)('the store contract of session middleware on %s', (_name, start) => {
  let underTest: StoreUnderTest;
  let store: SessionStore;
  let adapter: SessionStoreAdapter;
  let call: ReturnType<typeof promised>;
  beforeAll(async () => {
    underTest = await start();
    store = underTest.open(LIFETIME);
    adapter = new SessionStoreAdapter(store, { userIdOf: (data) => data['userId'] as string | undefined });
    call = promised(adapter);
  });
  afterAll(() => underTest.stop());

  it("gives back the value that was set, as a copy of the caller's own", async () => {
    const sid = newSid();
    await call.set(sid, newSession({ views: 1 }));
    const session = (await call.get(sid)) as { views: number };
    expect(session).toEqual(newSession({ views: 1 }));
    session.views = 99;
    expect(await call.get(sid)).toEqual(newSession({ views: 1 }));
  });

  it('has nothing for a sid it does not know, and takes destroying and touching one calmly', async () => {
    const sid = newSid();
    await call.touch(sid, newSession());
    expect(await call.get(sid)).toBeNull();
    await call.destroy(sid);
  });

  it('replaces, touches and destroys', async () => {
    const sid = newSid();
    await call.set(sid, newSession({ views: 1 }));
    await call.set(sid, newSession({ views: 2 }));
    await call.touch(sid, newSession());
    expect(await call.get(sid)).toEqual(newSession({ views: 2 }));
    await call.destroy(sid);
    expect(await call.get(sid)).toBeNull();
  });

  it('drops a save that comes after the session was destroyed', async () => {
    const sid = newSid();
    await call.set(sid, newSession({ userId: 'ada' }));
    const session = await call.get(sid);
    await call.destroy(sid);
    await call.set(sid, session!);
    expect(await call.get(sid)).toBeNull();
    expect(await store.list({ userId: 'ada' })).toEqual([]);
  });

  it("finds a user's sessions, also when the login came after the session began", async () => {
    const [before, after] = [newSid(), newSid()];
    await call.set(before, newSession());
    await call.set(before, newSession({ userId: 'bob' }));
    await call.set(after, newSession({ userId: 'bob' }));
    expect(await store.revokeAll({ userId: 'bob' })).toMatchObject({ count: 2 });
    expect([await call.get(before), await call.get(after)]).toEqual([null, null]);
  });

  it('lists, counts and clears', async () => {
    await call.clear();
    await Promise.all(['a', 'b', 'c'].map((name) => call.set(newSid(), newSession({ name }))));
    expect(await call.length()).toBe(3);
    expect((await call.all())!.map((session) => session['name']).toSorted()).toEqual(['a', 'b', 'c']);
    await call.clear();
    expect(await call.length()).toBe(0);
  });

  it('tells the callback the reason of a refusal, and needs no callback where the contract has it optional', async () => {
    await expect(call.set(newSid(), newSession({ text: 'x'.repeat(20_000) }))).rejects.toThrow('16384 are allowed');
    const sid = newSid();
    adapter.set(sid, newSession());
    adapter.touch(sid, newSession());
    adapter.destroy(sid);
  });
});

/** The adapter's methods as promises. */
function promised(adapter: SessionStoreAdapter) {
  return {
    get: promisify(adapter.get.bind(adapter)),
    set: (sid: string, session: object) =>
      new Promise<void>((resolve, reject) => adapter.set(sid, session, (error) => (error ? reject(error) : resolve()))),
    touch: (sid: string, session: object) =>
      new Promise<void>((resolve, reject) =>
        adapter.touch(sid, session, (error) => (error ? reject(error) : resolve())),
      ),
    destroy: (sid: string) =>
      new Promise<void>((resolve, reject) => adapter.destroy(sid, (error) => (error ? reject(error) : resolve()))),
    all: promisify(adapter.all.bind(adapter)),
    length: promisify(adapter.length.bind(adapter)),
    clear: () => new Promise<void>((resolve, reject) => adapter.clear((error) => (error ? reject(error) : resolve()))),
  };
}
