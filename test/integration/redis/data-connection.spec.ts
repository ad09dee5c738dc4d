import { createRedisPool, type RedisPool, sendCommand } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

describe('a data connection', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let pool: RedisPool;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    proxy = await TcpProxy.start(redis.port);
    pool = createRedisPool(proxy.url, { size: 1, connection: { socketTimeoutMs: 200 } });
    expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
  });
  afterEach(async () => {
    await pool.close();
    await proxy.stop();
  });

  const read = (...keys: string[]) =>
    new Promise((onReply, onError) => sendCommand(pool.client('fast'), 'mget', keys, { onReply, onError }));

  it('reads one and many, with any name, of any size', async () => {
    const large = Buffer.alloc(3_000_000, 'ab\r\n');
    await pool.client().set('ключ ✓ {x}', 'ё');
    await pool.client('bulk').set('large', large);
    expect(await read('ключ ✓ {x}')).toEqual([Buffer.from('ё')]);
    expect(await read('nothing')).toEqual([null]);
    const [found, ...others] = (await read('large', 'nothing', 'ключ ✓ {x}')) as Buffer[];
    expect(found!.equals(large)).toBe(true);
    expect(others).toEqual([null, Buffer.from('ё')]);
  });

  it('keeps reads and commands apart, however they are mixed', async () => {
    await pool.client().set('n', 0);
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => {
        if (i % 3 === 0) return pool.client().incr('n');
        return i % 3 === 1 ? read('n').then((values) => Number((values as Buffer[])[0])) : pool.client().echo(`${i}`);
      }),
    );
    answers.forEach((answer, i) => {
      expect(answer).toBe(i % 3 === 2 ? `${i}` : Math.floor(i / 3) + 1);
    });
    const transaction = await pool.client().multi().set('t', 1).incr('t').get('t').exec();
    expect(transaction?.map(([, reply]) => reply)).toEqual(['OK', 2, '2']);
  });

  it("gives Redis's error with its command, and stays usable", async () => {
    await pool.client().rpush('list', 'x');
    const asked = new Promise((onReply, onError) => sendCommand(pool.client(), 'get', ['list'], { onReply, onError }));
    await expect(asked).rejects.toMatchObject({
      message: expect.stringMatching(/^WRONGTYPE /),
      command: { name: 'get', args: ['list'] },
    });
    await expect(pool.client().incr('list')).rejects.toThrow('WRONGTYPE');
    expect(await read('nothing')).toEqual([null]);
  });

  it('fails the commands under way when it is cut, and later ones until it is back', async () => {
    proxy.faults.isBlackhole = true;
    const asked = read('k');
    proxy.cut();
    await expect(asked).rejects.toThrow('max retries');
    await expect(read('k')).rejects.toThrow('Connection is closed');
    proxy.faults.isBlackhole = false;
    await eventually(async () => expect(await read('k')).toEqual([null]));
  });

  it('is replaced when nothing comes any more, however often it is asked', async () => {
    proxy.faults.isBlackhole = true;
    const asked = Promise.allSettled(Array.from({ length: 5 }, () => read('k')));
    await expect(read('k')).rejects.toThrow('max retries');
    await asked;
    proxy.faults.isBlackhole = false;
    await eventually(async () => expect(await read('k')).toEqual([null]));
  });

  it('is replaced when a reply can not be parsed', async () => {
    proxy.faults.delayMs = 50;
    const asked = read('k');
    proxy.say('HTTP/1.1 400 Bad Request\r\n\r\n');
    await expect(asked).rejects.toThrow('max retries');
    proxy.faults.delayMs = 0;
    await eventually(async () => expect(await read('k')).toEqual([null]));
  });

  it('refuses to subscribe, and says where that is done', async () => {
    const client = pool.client();
    if (client.isCluster) throw new Error('not a single server');
    await expect(client.subscribe('news')).rejects.toThrow('pool.subscriber()');
  });
});
