import { QueryPromise } from 'drizzle-orm/query-promise';
import { MemoryEntry } from './memory-entry.js';

const parts = {
  isAbsent: false,
  storedAtMs: 0,
  freshUntilMs: 1_000,
  staleUntilMs: 1_000,
  servableUntilMs: 1_000,
  unconfirmedUntilMs: 0,
  loadMs: 0,
  snapshot: { dependencies: [], hardEpochs: [], softEpochs: [] },
  checkedAt: 0,
  sizeBytes: 1,
  payloadBytes: 0,
  remoteStoredAtMs: undefined,
};

/** A query without an `await`. */
class FailingQuery extends QueryPromise<never> {
  override async execute(): Promise<never> {
    throw new Error('late');
  }
}

describe('MemoryEntry', () => {
  it('holds a thenable that fails, and only its readers get the failure', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    try {
      const entry = new MemoryEntry({ ...parts, value: new FailingQuery() });
      await new Promise(setImmediate);
      expect(unhandled).toEqual([]);
      await expect(entry.promise).rejects.toThrow('late');
    } finally {
      process.off('unhandledRejection', listener);
    }
  });

  it('is fresh to the last moment and not beyond, wherever steps begin', () => {
    for (const until of [0.5, 63, 64, 64.25, 1_000, 2 ** 36 - 1, 2 ** 36 + 0.5, 2 ** 37, Number.POSITIVE_INFINITY]) {
      for (const [freshUntilMs, servableUntilMs] of [
        [until, until + 70],
        [until + 70, until],
      ] as const) {
        const entry = new MemoryEntry({ ...parts, freshUntilMs, servableUntilMs, value: 1 });
        for (const before of [0.125, 0.5]) expect(entry.isFresh(Math.min(until - before, 2 ** 45))).toBe(true);
        if (until === Number.POSITIVE_INFINITY) continue;
        for (const after of [0, 0.125, 64, 128]) expect(entry.isFresh(until + after)).toBe(false);
        entry.expire();
        expect(entry.isFresh(0)).toBe(false);
      }
    }
  });
});
