import { setImmediate as nextRound } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { systemClock } from '../../../../common/clock.js';
import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { type Awaited, Deadlines } from './deadlines.js';

describe('Deadlines', () => {
  let clock: FakeClock;
  let deadlines: Deadlines<Awaited>;
  let givenUp: string[];

  beforeEach(() => {
    clock = new FakeClock();
    deadlines = new Deadlines(clock);
    givenUp = [];
  });

  const wait = (name: string, forMs: number) => {
    const awaited = {
      isOpen: true,
      deadlineMs: clock.nowMs() + forMs,
      postpone(ms: number) {
        awaited.deadlineMs += ms;
      },
      giveUp() {
        awaited.isOpen = false;
        givenUp.push(name);
      },
    };
    deadlines.add(awaited, clock.nowMs());
    return awaited;
  };
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await nextRound();
  };

  it('gives up each at its own moment, in whatever order they came', async () => {
    wait('late', 30);
    wait('early', 10);
    wait('middle', 20);
    await pass(10);
    expect(givenUp).toEqual(['early']);
    await pass(10);
    expect(givenUp).toEqual(['early', 'middle']);
    await pass(10);
    expect(givenUp).toEqual(['early', 'middle', 'late']);
  });

  it('leaves answered commands alone', async () => {
    const answered = wait('answered', 10);
    wait('silent', 10);
    answered.isOpen = false;
    await pass(10);
    expect(givenUp).toEqual(['silent']);
  });

  it('looks once more before it gives up: the answer may be here and not read yet', async () => {
    deadlines = new Deadlines(systemClock);
    const awaited = {
      isOpen: true,
      deadlineMs: systemClock.nowMs() + 5,
      postpone: () => undefined,
      giveUp: () => void ((awaited.isOpen = false), givenUp.push('read late')),
    };
    deadlines.add(awaited, systemClock.nowMs());
    setImmediate(() => (awaited.isOpen = false));
    while (systemClock.nowMs() < awaited.deadlineMs + 10);
    await nextRound();
    await nextRound();
    expect(givenUp).toEqual([]);
  });

  it('needs one timer for any number, and goes on after a pause', async () => {
    const setTimer = jest.spyOn(clock, 'setTimer');
    for (let i = 0; i < 1_000; i++) wait('first', 10).isOpen = i % 2 === 0;
    await pass(10);
    expect(givenUp).toHaveLength(500);
    expect(setTimer).toHaveBeenCalledTimes(1);
    wait('second', 10);
    await pass(10);
    expect(givenUp.at(-1)).toBe('second');
  });
});
