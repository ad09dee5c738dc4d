import { HistoryChecker } from './history-checker.js';
import type { InvalidationEvent, ReadEvent } from './protocol.js';

const BOUNDS = { busMs: 100, settleMs: 1_000 };

/** Worker 0 acknowledged at 10 that key 5 must be at version 2. */
const invalidation = (changes: Partial<InvalidationEvent> = {}): InvalidationEvent => ({
  worker: 0,
  operation: 'delete',
  target: 'k5',
  startMs: 5,
  ackMs: 10,
  status: 'applied',
  required: [[5, 2]],
  ...changes,
});

/** Worker 0 reads key 5 at 20, and gets version 1. */
const read = (changes: Partial<ReadEvent> = {}): ReadEvent => ({
  worker: 0,
  operation: 'get',
  key: 5,
  startMs: 20,
  endMs: 21,
  version: 1,
  ...changes,
});

function judge(
  event: InvalidationEvent,
  one: ReadEvent,
  prepare: (checker: HistoryChecker) => void = () => undefined,
): string {
  const checker = new HistoryChecker(BOUNDS);
  checker.addInvalidation(event);
  prepare(checker);
  return checker.check([one])[0]?.kind ?? 'kept';
}

describe('the history checker', () => {
  it.each([
    ['an old value here', read(), 'same instance'],
    ['the value that was current', read({ version: 2 }), 'kept'],
    ['a newer one', read({ version: 3 }), 'kept'],
    ['another key', read({ key: 6 }), 'kept'],
    ['a read that began before the acknowledgement', read({ startMs: 9 }), 'kept'],
    ['an old value elsewhere, within the bus’s time', read({ worker: 1 }), 'kept'],
    ['an old value elsewhere, later', read({ worker: 1, startMs: 111 }), 'other instance'],
    ['an old value elsewhere, asked for strictly', read({ worker: 1, operation: 'strict get' }), 'strict'],
  ])('%s', (_, one, verdict) => expect(judge(invalidation(), one)).toBe(verdict));

  it.each([
    ['an old value here', read(), 'same instance'],
    ['an old value elsewhere, though late', read({ worker: 1, startMs: 9_000 }), 'kept'],
    ['an old value elsewhere, though asked for strictly', read({ worker: 1, operation: 'strict get' }), 'kept'],
  ])('queued and not sent: %s', (_, one, verdict) =>
    expect(judge(invalidation({ status: 'queued' }), one)).toBe(verdict),
  );

  it('counts a queued invalidation from when it was sent', () => {
    const queued = invalidation({ status: 'queued' });
    const sent = (checker: HistoryChecker): void => checker.addDrained(0, 50);
    expect(judge(queued, read({ worker: 1, operation: 'strict get', startMs: 49 }), sent)).toBe('kept');
    expect(judge(queued, read({ worker: 1, operation: 'strict get', startMs: 51 }), sent)).toBe('strict');
    expect(judge(queued, read({ worker: 1, startMs: 151 }), sent)).toBe('other instance');
  });

  it('grants a fault its bound, and no more', () => {
    const fault = (checker: HistoryChecker): void =>
      void checker.disturbances.push({ name: 'frozen', boundMs: 5_000, startMs: 0, endMs: 15 });
    expect(judge(invalidation(), read({ worker: 1, startMs: 5_009 }), fault)).toBe('kept');
    expect(judge(invalidation(), read({ worker: 1, startMs: 5_011 }), fault)).toBe('other instance, fault');
    expect(judge(invalidation(), read(), fault)).toBe('same instance');
  });

  it('grants a reader the time its own event loop stood still, and no other reader', () => {
    const stall = (checker: HistoryChecker): void =>
      void checker.disturbances.push({ name: 'held up', worker: 1, startMs: 20, endMs: 320 });
    expect(judge(invalidation(), read({ worker: 1, startMs: 400 }), stall)).toBe('kept');
    expect(judge(invalidation(), read({ worker: 1, startMs: 411 }), stall)).toBe('other instance');
    expect(judge(invalidation(), read({ worker: 2, startMs: 400 }), stall)).toBe('other instance');
  });

  it('reports the invalidation that was due the longest', () => {
    const checker = new HistoryChecker(BOUNDS);
    checker.addInvalidation(invalidation());
    checker.addInvalidation(invalidation({ startMs: 12, ackMs: 15, required: [[5, 3]] }));
    expect(checker.check([read()])).toEqual([expect.objectContaining({ required: 2, lateMs: 10 })]);
    expect(checker.check([read({ version: 2 })])).toEqual([expect.objectContaining({ required: 3, lateMs: 5 })]);
  });
});
