import { FakeClock } from '../../../../test/support/fake-clock.js';
import { LatencyWindow } from './latency-window.js';

describe('LatencyWindow', () => {
  it('sums up the requests of the last half to one minute', async () => {
    const clock = new FakeClock();
    const window = new LatencyWindow(clock);
    for (let index = 0; index < 99; index += 1) window.record(2);
    window.record(80);
    expect(window.summary()).toMatchObject({ count: 100, p50Ms: expect.closeTo(2, 1), maxMs: expect.closeTo(80, 0) });
    await clock.advance(30_000);
    window.record(4);
    expect(window.summary().count).toBe(101);
    await clock.advance(30_000);
    expect(window.summary()).toMatchObject({ count: 1, p50Ms: expect.closeTo(4, 1) });
    await clock.advance(300_000);
    expect(window.summary()).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });
});
