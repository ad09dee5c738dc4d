import { FakeClock } from '../../../../../../test/support/fake-clock.js';
import { Pacer } from './pacer.js';

const signal = new AbortController().signal;
const NO_LIMIT = Number.POSITIVE_INFINITY;

describe('pacer', () => {
  it('lets calls go at once while they fit into the minute', async () => {
    const clock = FakeClock.skippingWaits();
    const pacer = new Pacer({ texts: 100, tokens: NO_LIMIT }, clock);
    await Promise.all([1, 2, 3, 4].map(() => pacer.acquire({ texts: 25, tokens: 1 }, NO_LIMIT, signal)));
    expect(clock.nowMs()).toBe(0);
  });

  it('never lets more texts go in any minute than the quota allows', async () => {
    const clock = FakeClock.skippingWaits();
    const pacer = new Pacer({ texts: 100, tokens: NO_LIMIT }, clock);
    const wentAt: { atMs: number; texts: number }[] = [];
    for (const texts of [60, 30, 30, 80, 10, 100, 5]) {
      await pacer.acquire({ texts, tokens: 0 }, NO_LIMIT, signal);
      wentAt.push({ atMs: clock.nowMs(), texts });
      clock.jump(7_000);
    }
    for (const { atMs } of wentAt) {
      const inMinute = wentAt.filter((call) => call.atMs > atMs - 60_000 && call.atMs <= atMs);
      expect(inMinute.reduce((sum, { texts }) => sum + texts, 0)).toBeLessThanOrEqual(100);
    }
    // Waiting longer than the window asks for would be as wrong.
    expect(wentAt.map(({ atMs }) => atMs)).toEqual([0, 7_000, 60_000, 120_000, 127_000, 187_000, 247_000]);
  });

  it('counts tokens too', async () => {
    const clock = FakeClock.skippingWaits();
    const pacer = new Pacer({ texts: NO_LIMIT, tokens: 1_000 }, clock);
    await pacer.acquire({ texts: 1, tokens: 900 }, NO_LIMIT, signal);
    await pacer.acquire({ texts: 1, tokens: 200 }, NO_LIMIT, signal);
    expect(clock.nowMs()).toBe(60_000);
  });

  it('refuses a call at once that would wait too long, and says how long', async () => {
    const pacer = new Pacer({ texts: 10, tokens: NO_LIMIT }, FakeClock.skippingWaits());
    await pacer.acquire({ texts: 10, tokens: 0 }, NO_LIMIT, signal);
    await expect(pacer.acquire({ texts: 1, tokens: 0 }, 5_000, signal)).rejects.toMatchObject({
      kind: 'rate-limited',
      retryAfterMs: 60_000,
    });
  });

  it('lets a call that is larger than the whole quota go alone', async () => {
    const clock = FakeClock.skippingWaits();
    const pacer = new Pacer({ texts: 10, tokens: NO_LIMIT }, clock);
    await pacer.acquire({ texts: 5, tokens: 0 }, NO_LIMIT, signal);
    await pacer.acquire({ texts: 50, tokens: 0 }, NO_LIMIT, signal);
    expect(clock.nowMs()).toBe(60_000);
  });

  it('holds all calls back while the upstream asks for it', async () => {
    const clock = FakeClock.skippingWaits();
    const pacer = new Pacer({ texts: NO_LIMIT, tokens: NO_LIMIT }, clock);
    await pacer.pause(37_000);
    await pacer.acquire({ texts: 1, tokens: 0 }, NO_LIMIT, signal);
    expect(clock.nowMs()).toBe(37_000);
  });
});
