import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { createCache } from '../../create-cache.js';

describe('an early refresh that fails', () => {
  it('is not tried again at every hit', async () => {
    const clock = new FakeClock();
    const cache = createCache({ clock });
    let isFailing = false;
    let loads = 0;
    const load = async (): Promise<string> => {
      loads++;
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 10));
      if (isFailing) throw new Error('source down');
      return 'value';
    };
    // So large that every hit is due.
    const options = { ttlMs: 60_000, earlyRefreshBeta: Number.MAX_SAFE_INTEGER };
    const first = cache.getOrLoad('k', load, options);
    await clock.advance(10);
    await expect(first).resolves.toBe('value');
    isFailing = true;
    for (let hit = 0; hit < 20; hit++) {
      await expect(cache.getOrLoad('k', load, options)).resolves.toBe('value');
      await clock.advance(20);
    }
    expect(loads).toBe(2);
    await clock.advance(1_000);
    await cache.getOrLoad('k', load, options);
    expect(loads).toBe(3);
    await cache.close();
  });
});
