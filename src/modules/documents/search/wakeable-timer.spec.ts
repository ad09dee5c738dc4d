import { FakeClock } from '../../../../test/support/fake-clock.js';
import { WakeableTimer } from './wakeable-timer.js';

describe('a pause', () => {
  const pause = (timer: WakeableTimer, isWakeable: boolean) => {
    let isOver = false;
    void timer.wait(1_000, isWakeable).then(() => (isOver = true));
    return () => isOver;
  };
  let clock: FakeClock;
  let timer: WakeableTimer;
  beforeEach(() => {
    clock = new FakeClock();
    timer = new WakeableTimer(clock);
  });

  it('lasts as long as it was asked to', async () => {
    const isOver = pause(timer, true);
    await clock.advance(999);
    expect(isOver()).toBe(false);
    await clock.advance(1);
    expect(isOver()).toBe(true);
  });

  it('ends early when it is woken, also by a call just before it began', async () => {
    const isFirstOver = pause(timer, true);
    timer.wake();
    await clock.advance(0);
    expect(isFirstOver()).toBe(true);
    timer.wake();
    const isSecondOver = pause(timer, true);
    await clock.advance(0);
    expect(isSecondOver()).toBe(true);
  });

  it('that keeps the pace is not ended by waking, and the next one is', async () => {
    const isPaceOver = pause(timer, false);
    timer.wake();
    await clock.advance(999);
    expect(isPaceOver()).toBe(false);
    await clock.advance(1);
    expect(isPaceOver()).toBe(true);
    const isNextOver = pause(timer, true);
    await clock.advance(0);
    expect(isNextOver()).toBe(true);
  });

  it('of any kind ends when the loop stops', async () => {
    const isOver = pause(timer, false);
    timer.stop();
    await clock.advance(0);
    expect(isOver()).toBe(true);
  });
});
