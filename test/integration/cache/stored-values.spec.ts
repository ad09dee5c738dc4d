import {
  type Cache,
  type CacheEvents,
  CacheSerializable,
  type ClassSerializer,
  createCache,
} from '../../../src/modules/cache/library.js';
import { RedisServer } from '../../support/redis-server.js';

class Order {
  readonly #note = 'private';
  constructor(
    readonly id: number,
    readonly lines: unknown[] = [],
  ) {}
  get total(): number {
    return this.lines.length;
  }
  note(): string {
    return this.#note;
  }
}

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}

@CacheSerializable()
class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
  norm(): number {
    return Math.hypot(this.x, this.y);
  }
}

const money: ClassSerializer<Money, number> = {
  class: Money,
  toData: ({ cents }) => cents,
  fromData: (cents) => new Money(cents),
};
class Sum {
  readonly #value = 1;
  get value(): number {
    return this.#value;
  }
}

const tiers = ['memory and Redis', 'Redis alone', 'memory alone'] as const;

describe.each(tiers)('values in a cache of %s', (tier) => {
  let redis: RedisServer;
  let cache: Cache;
  let rejected: CacheEvents['fillRejected'][];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    cache = createCache({
      ...(tier !== 'memory alone' && { redis: redis.url }),
      ...(tier === 'Redis alone' && { memory: false }),
      serializers: [money],
    });
    await cache.ready(10_000);
    await cache.clear();
    rejected = [];
    cache.on('fillRejected', (event) => rejected.push(event));
  });
  afterEach(() => cache.close());

  /** The ways in which a value gets into the cache. */
  const ways: Record<string, (key: string, value: unknown) => Promise<unknown>> = {
    set: (key, value) => cache.set(key, value),
    setMany: (key, value) => cache.setMany([[key, value]]),
    getOrLoad: (key, value) => cache.getOrLoad(key, () => value),
    getOrLoadMany: (key, value) => cache.getOrLoadMany([key], () => new Map([[key, value]])),
  };

  it.each(Object.keys(ways))('%s: instances come back as plain objects, at any depth', async (way) => {
    const value = { first: new Order(1), all: [new Order(2, [new Order(3)])], byId: new Map([[4, new Order(4)]]) };
    await ways[way]!('orders', value);
    const found = await cache.get<typeof value>('orders');
    expect(found).toStrictEqual({
      first: { id: 1, lines: [] },
      all: [{ id: 2, lines: [{ id: 3, lines: [] }] }],
      byId: new Map([[4, { id: 4, lines: [] }]]),
    });
    expect(found!.first).not.toHaveProperty('note');
    expect(value.first).toBeInstanceOf(Order);
    expect(Object.isFrozen(value.first)).toBe(false);
  });

  it('the caller that loads gets what its loader gave', async () => {
    const order = new Order(1);
    await expect(cache.getOrLoad('order', () => order)).resolves.toBe(order);
  });

  it('a change of the instance afterwards does not change the cache', async () => {
    const order = new Order(1, ['a']);
    await cache.set('order', order);
    order.lines.push('b');
    await expect(cache.get('order')).resolves.toEqual({ id: 1, lines: ['a'] });
  });

  it('instances of registered classes come back as instances', async () => {
    await cache.set('registered', { price: new Money(5), at: new Point(3, 4) });
    const { price, at } = (await cache.get<{ price: Money; at: Point }>('registered'))!;
    expect(price).toBeInstanceOf(Money);
    expect(price.cents).toBe(5);
    expect(at.norm()).toBe(5);
    expect(() => Object.assign(at, { x: 1 })).toThrow(TypeError);
  });

  it('errors come back as errors', async () => {
    await cache.set('error', { reason: new RangeError('too far') });
    const { reason } = (await cache.get<{ reason: Error }>('error'))!;
    expect(reason).toBeInstanceOf(RangeError);
    expect(reason.message).toBe('too far');
  });

  it.each<[string, unknown, string]>([
    ['a function', { run: () => 1 }, 'value.run'],
    ['a promise', { rows: [Promise.resolve()] }, 'value.rows[0]'],
    ['private fields alone', { total: new Sum() }, 'value.total'],
  ])(
    '%s: set throws and the old value goes; a load returns it, counts it and says where it is',
    async (_, value, path) => {
      await cache.set('key', 'old');
      await expect(cache.set('key', value)).rejects.toThrow(`found at ${path}`);
      await expect(cache.get('key')).resolves.toBeUndefined();
      const errors: Error[] = [];
      const load = () => cache.getOrLoad<unknown>('key', () => value, { onUnstorable: (error) => errors.push(error) });
      await expect(load()).resolves.toBe(value);
      await expect(cache.get('key')).resolves.toBeUndefined();
      expect(errors).toEqual([expect.objectContaining({ name: 'UnstorableValueError', path })]);
      expect(rejected).toEqual(
        Array.from({ length: 2 }, () => ({ cache: 'larder', key: 'key', reason: 'not-storable', path })),
      );
      expect(cache.stats().fillsRejected).toBe(2);
    },
  );

  it('for memory only, a value is kept as it is', async () => {
    if (tier === 'Redis alone') return;
    const live = { order: new Order(1), run: () => 1 };
    await cache.set('live', live, { tiers: 'memory' });
    await expect(cache.get('live')).resolves.toBe(live);
  });
});

it('an entry of a class that is not registered here is a miss, and is loaded again', async () => {
  const redis = await RedisServer.start();
  const options = { redis: redis.url, memory: false } as const;
  const [knowing, other] = [createCache({ ...options, serializers: [money] }), createCache(options)];
  await Promise.all([knowing.ready(10_000), other.ready(10_000)]);
  const reasons: string[] = [];
  other.on('unreadable', ({ reason }) => reasons.push(reason));
  await knowing.set('price', new Money(5));
  await expect(other.get('price')).resolves.toBeUndefined();
  await expect(other.getOrLoad('price', () => 'loaded')).resolves.toBe('loaded');
  await expect(other.get('price')).resolves.toBe('loaded');
  expect(new Set(reasons)).toEqual(new Set(['payload']));
  await Promise.all([knowing.close(), other.close()]);
  await redis.stop();
});
