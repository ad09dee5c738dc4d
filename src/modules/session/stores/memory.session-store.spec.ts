import { FakeClock } from '../../../../test/support/fake-clock.js';
import { MemorySessionStore } from './memory.session-store.js';

const MINUTE_MS = 60_000;

describe('sessions in memory', () => {
  const newStore = (clock: FakeClock, maxBytes = 2 ** 20) =>
    new MemorySessionStore({ idleTimeoutMs: 30 * MINUTE_MS, absoluteTimeoutMs: 100 * MINUTE_MS }, { maxBytes, clock });

  it('end when they are not used for the idle timeout, and not before', async () => {
    const clock = new FakeClock();
    const store = newStore(clock);
    await store.create({ id: 'a', userId: null, data: {} });
    await clock.advance(30 * MINUTE_MS - 1);
    expect(await store.find('a')).toBeDefined();
    await clock.advance(1);
    expect(await store.find('a')).toBeUndefined();
  });

  it('live on by use until the absolute timeout, to the millisecond', async () => {
    const clock = new FakeClock();
    const store = newStore(clock);
    await store.create({ id: 'a', userId: null, data: {} });
    for (let minute = 10; minute < 100; minute += 10) {
      await clock.advance(10 * MINUTE_MS);
      expect(await store.touch('a')).toBeDefined();
    }
    await clock.advance(10 * MINUTE_MS - 1);
    expect(await store.touch('a')).toBeDefined();
    await clock.advance(1);
    expect(await store.touch('a')).toBeUndefined();
  });

  it('stay within their bytes: those written longest ago go first', async () => {
    const store = newStore(new FakeClock(), 10_000);
    for (let n = 0; n < 100; n++) await store.create({ id: `s${n}`, userId: null, data: { text: 'x'.repeat(600) } });
    await store.touch('s95');
    await store.create({ id: 'last', userId: null, data: { text: 'x'.repeat(6_000) } });
    const ids = (await store.list('everyone')).map(({ id }) => id);
    expect(ids).toContain('s95');
    expect(ids).toContain('last');
    expect(ids.length).toBeLessThan(10);
  });

  it('are taken in only where nothing is known of the id', async () => {
    const clock = new FakeClock();
    const [theirs, ours] = [newStore(clock), newStore(clock)];
    const session = (await theirs.create({ id: 'a', userId: 'ada', data: {} }))!;
    await ours.revoke('a');
    ours.insertIfAbsent(session);
    expect(await ours.find('a')).toBeUndefined();
    ours.forget('a');
    ours.insertIfAbsent(session);
    expect(await ours.find('a')).toEqual(session);
  });

  it('of one user are listed and ended without a look at those of other users', async () => {
    const clock = new FakeClock();
    const store = newStore(clock, 2 ** 24);
    for (let n = 0; n < 1_000; n++) await store.create({ id: `other ${n}`, userId: `user ${n}`, data: {} });
    for (const id of ['a', 'b']) await store.create({ id, userId: 'ada', data: {} });
    let looks = 0;
    const { wallMs } = clock;
    clock.wallMs = () => {
      looks += 1;
      return wallMs.call(clock);
    };
    expect((await store.list({ userId: 'ada' })).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await store.revokeAll({ userId: 'ada' }, 'b')).toEqual({ count: 1, status: 'applied' });
    expect(looks).toBeLessThan(10);
    expect(await store.list({ userId: 'ada' })).toMatchObject([{ id: 'b' }]);
  });
});
