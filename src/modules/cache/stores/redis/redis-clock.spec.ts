import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { RedisClock } from './redis-clock.js';

const HOUR_MS = 3_600_000;

describe('the time of Redis', () => {
  let clock: FakeClock;
  let redis: RedisClock;

  beforeEach(() => {
    clock = new FakeClock(1_000);
    redis = new RedisClock(clock, 3);
  });

  it('is this process’s date until it is told, partition by partition', () => {
    expect(redis.nowMs(0)).toBe(clock.wallMs());
    redis.observe(0, clock.nowMs(), clock.wallMs() + HOUR_MS);
    expect([0, 1, 2].map((partition) => redis.isKnown(partition))).toEqual([true, false, false]);
    expect(redis.isComplete).toBe(false);
    for (const partition of [1, 2]) redis.observe(partition, clock.nowMs(), clock.wallMs());
    expect(redis.isComplete).toBe(true);
  });

  it('is that of the server a partition lies on: the clocks of a Cluster need not agree', async () => {
    const skews = [-HOUR_MS, 0, HOUR_MS];
    for (let beat = 0; beat < 3; beat++) {
      await clock.advance(500);
      skews.forEach((skewMs, partition) => redis.observe(partition, clock.nowMs() - 2, clock.wallMs() - 1 + skewMs));
    }
    await clock.advance(10_000);
    skews.forEach((skewMs, partition) => {
      expect(Math.abs(redis.nowMs(partition) - (clock.wallMs() + skewMs))).toBeLessThanOrEqual(1);
    });
  });

  it('moves only as far as an answer proves it wrong', async () => {
    const epochMs = clock.wallMs();
    redis.observe(0, clock.nowMs(), epochMs);
    await clock.advance(100);
    // Asked 80 ms ago: anything from here to 80 ms back was then true.
    redis.observe(0, clock.nowMs() - 80, epochMs + 50);
    expect(redis.nowMs(0)).toBe(epochMs + 100);
    redis.observe(0, clock.nowMs() - 10, epochMs + 50);
    expect(redis.nowMs(0)).toBe(epochMs + 60);
  });
});
