import { SEED } from '../support/seeded-random.js';
import type { EvictionPolicy } from './memory-pressure.js';
import { runConsistency } from './run-consistency.js';

const ROUND_MS = 8_000;
const EVICTING: readonly EvictionPolicy[] = ['allkeys-lru', 'allkeys-lfu', 'volatile-lfu'];

describe(`reads on a Redis that is full all the time (TEST_SEED=${SEED})`, () => {
  it.each([...EVICTING, 'noeviction'] as const)(
    'never return a value from before an acknowledged invalidation, with %s',
    async (policy) => {
      const { traces, errors, raced, pressure } = await runConsistency({
        subject: 'larder',
        seed: SEED,
        workers: 2,
        pauseMs: 1,
        roundMs: ROUND_MS,
        faults: [],
        policy,
      });
      expect(traces).toEqual([]);
      expect(errors).toEqual({});
      expect(raced).toBeGreaterThan(200);
      if (EVICTING.includes(policy)) expect(pressure?.evicted).toBeGreaterThan(100);
      else expect(pressure?.refused).toBeGreaterThan(100);
    },
    6 * ROUND_MS,
  );
});
