import { RedisServer } from '../../support/redis-server.js';
import { StampedeFleet } from './stampede-fleet.js';

describe('a stampede from four processes', () => {
  let redis: RedisServer;
  let fleet: StampedeFleet;

  beforeAll(async () => {
    redis = await RedisServer.start();
    fleet = await StampedeFleet.start(redis, 4);
  });

  afterAll(async () => {
    fleet.close();
    await redis.stop();
  });

  it('loads a cold key once for a thousand callers', async () => {
    const { loads, values } = await fleet.run({ type: 'burst', key: 'cold', callers: 250, loadMs: 50 });
    expect({ loads, values }).toEqual({ loads: 1, values: [1] });
  });

  it('loads once per expiry, early, under steady reads', async () => {
    const forMs = 5_000;
    const ttlMs = 500;
    const { loads, values } = await fleet.run({
      type: 'steady',
      key: 'hot',
      loadMs: 20,
      ttlMs,
      beta: 1,
      everyMs: 2,
      forMs,
    });
    // One load makes one value, and a value lives at least until a refresh is due.
    expect(values).toEqual(Array.from({ length: loads }, (_, i) => i + 1));
    expect(loads).toBeLessThanOrEqual(1.5 * (forMs / ttlMs));
  });
});
