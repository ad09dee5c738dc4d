import { FakeClock } from '../../../../test/support/fake-clock.js';
import { CircuitBreaker, DEFAULT_BREAKER_SETTINGS } from './circuit-breaker.js';

describe('CircuitBreaker', () => {
  let clock: FakeClock;
  const make = (settings = {}) => new CircuitBreaker(clock, { ...DEFAULT_BREAKER_SETTINGS, ...settings });
  beforeEach(() => {
    clock = new FakeClock();
  });

  /** Fails now, and again after each pause; which of them opened it. */
  async function fail(breaker: CircuitBreaker, ...pausesMs: number[]): Promise<boolean[]> {
    const opened = [breaker.recordFailure()];
    for (const pauseMs of pausesMs) {
      await clock.advance(pauseMs);
      opened.push(breaker.recordFailure());
    }
    return opened;
  }

  it('opens at the third failure in a row', async () => {
    expect(await fail(make(), 25, 25)).toEqual([false, false, true]);
  });

  it('takes failures that come at once for a hiccup of this process', async () => {
    expect(await fail(make(), 0, 0, 0, 10, 39)).toEqual([false, false, false, false, false, false]);
  });

  it('counts the time that was waited for the first of them', () => {
    const breaker = make();
    expect([breaker.recordFailure(50), breaker.recordFailure(50), breaker.recordFailure(50)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('opens however long the pauses, as long as nothing succeeds', async () => {
    expect(await fail(make(), 60_000, 60_000)).toEqual([false, false, true]);
  });

  it('begins anew after a success', async () => {
    const breaker = make();
    await fail(breaker, 30);
    breaker.recordSuccess();
    await clock.advance(30);
    expect(await fail(breaker, 30)).toEqual([false, false]);
  });

  it('opens when half of the outcomes in a window fail, though some succeed', async () => {
    const breaker = make({ samples: 6 });
    const opened: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      breaker.recordSuccess();
      opened.push(...(await fail(breaker)));
    }
    expect(opened).toEqual([false, false, true]);
  });

  it('counts a window only while it lasts', async () => {
    const breaker = make({ samples: 4, consecutive: Infinity });
    expect(await fail(breaker, 1, 1, 1_000)).toEqual([false, false, false, false]);
  });

  it('forgets when it is reset', async () => {
    const breaker = make();
    await fail(breaker, 30);
    breaker.reset();
    expect(await fail(breaker, 30)).toEqual([false, false]);
  });
});
