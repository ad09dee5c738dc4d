import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

describe('the real Redis that tests start', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  it('comes back empty, with its data, or with a snapshot', async () => {
    await redis.command('SET', 'k', 'old');
    const snapshot = await redis.snapshot();
    await redis.command('SET', 'k', 'new');

    await redis.restart({ keepData: true });
    expect(await redis.command('GET', 'k')).toBe('new');
    await redis.restart({ snapshot });
    expect(await redis.command('GET', 'k')).toBe('old');
    await redis.restart();
    expect(await redis.command('GET', 'k')).toBeNull();
  });

  it('can be frozen and thawed', async () => {
    const client = redis.client();
    await client.ping();
    redis.pause();
    let answered = false;
    const reply = client.ping().then(() => (answered = true));
    await expect(
      client
        .duplicate({ commandTimeout: 50, retryStrategy: null })
        .on('error', () => {})
        .ping(),
    ).rejects.toThrow('Command timed out');
    expect(answered).toBe(false);
    redis.resume();
    await reply;
  });

  it('can be killed', async () => {
    const { pid } = redis;
    await redis.kill();
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
    await redis.restart();
    expect(await redis.command('PING')).toBe('PONG');
  });
});
