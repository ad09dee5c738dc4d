import { eventually } from '../../../../test/support/eventually.js';
import { CommandMeter } from './command-meter.js';
import { PooledRedis } from './pooled-redis.js';

const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;

describe('PooledRedis', () => {
  it('keeps no timer of a retry once it was closed, though it connected before a retry was due', async () => {
    const before = timers();
    const client = new PooledRedis(
      { host: '127.0.0.1', port: 1, replyMapping: 'legacy', disconnectTimeout: 10, retryStrategy: () => 60_000 },
      new CommandMeter(),
      10,
    );
    client.on('error', () => {});
    for (let attempt = 0; attempt < 2; attempt++) {
      await client.connect().catch(() => {});
      await eventually(() => expect(client.status).toBe('reconnecting'));
    }
    const waiting = timers();
    client.disconnect();
    expect(waiting).toBeGreaterThan(before);
    await eventually(() => expect(timers()).toBe(before));
  });
});
