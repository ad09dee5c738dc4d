import { EventEmitter } from 'node:events';
import { FakeClock } from '../../../../test/support/fake-clock.js';
import type { RedisClient } from '../redis.types.js';
import { AvailabilityProbe } from './availability-probe.js';

/** A Cluster whose answers come when told; of its keys a third are on a master that is being replaced. */
class ClusterInFailover extends EventEmitter {
  constructor(
    private readonly clock: FakeClock,
    private readonly outcomeOf: (index: number) => { afterMs: number; error?: Error },
  ) {
    super();
  }

  get(key: string): Promise<null> {
    const { afterMs, error } = this.outcomeOf(Number(/\d+/.exec(key)![0]));
    return new Promise((resolve, reject) => {
      this.clock.setTimer(() => (error ? reject(error) : resolve(null)), afterMs);
    });
  }

  set(key: string): Promise<null> {
    return this.get(key);
  }
}

describe('AvailabilityProbe', () => {
  const clock = new FakeClock();
  const probe = async (outcomeOf: (index: number) => { afterMs: number; error?: Error }) => {
    const client = new ClusterInFailover(clock, outcomeOf) as unknown as RedisClient;
    const result = new AvailabilityProbe(client, clock, 'cluster', 'test').run(false);
    await clock.advance(5_000);
    return result;
  };

  it('learns Redis’s time from an answer that came at once, not from one that waited for a failover', async () => {
    expect(await probe((i) => ({ afterMs: i % 3 === 0 ? 900 : 2 }))).toMatchObject({
      readFailure: undefined,
      writeFailure: undefined,
      latencyMs: 2,
    });
  });

  it('learns no time from a command that failed', async () => {
    const error = new Error('Command timed out');
    expect(await probe((i) => (i % 2 === 0 ? { afterMs: 900, error } : { afterMs: 2 }))).toMatchObject({
      readFailure: undefined,
      latencyMs: 2,
    });
  });

  it('fails for the reason of most', async () => {
    const error = new Error('CLUSTERDOWN The cluster is down');
    expect(await probe((i) => (i < 7 ? { afterMs: 1, error } : { afterMs: 2 }))).toMatchObject({
      readFailure: 'CLUSTERDOWN',
      writeFailure: 'CLUSTERDOWN',
    });
  });
});
