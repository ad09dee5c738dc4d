import { Injectable, Logger } from '@nestjs/common';
import {
  Cacheable,
  CacheConfig,
  CacheEvict,
  CachePut,
  type CacheEvents,
  WriteCompletedError,
} from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

class Product {
  readonly created = new Date(5);
  constructor(
    readonly id: string,
    readonly version: number,
  ) {}
  label(): string {
    return `${this.id} v${this.version}`;
  }
}

@CacheConfig({ namespace: 'products' })
@Injectable()
class Products {
  writes = 0;

  @Cacheable({ key: (id) => id, tags: (id) => [`product:${id}`] })
  async find(id: string): Promise<Product> {
    return new Product(id, this.writes);
  }

  @Cacheable({ key: (id) => ['live', id] })
  async findLive(id: string): Promise<{ id: string; close: () => void }> {
    return { id, close: () => {} };
  }

  @CachePut({ key: (id) => id })
  async put(id: string): Promise<Product> {
    return new Product(id, ++this.writes);
  }

  @CachePut({ key: (id) => id })
  async putLive(id: string): Promise<{ id: string; run: () => number }> {
    return { id, run: () => ++this.writes };
  }

  @CachePut({ key: (id) => id, resultTags: (product) => [(product as { missing?: string }).missing!.trim()] })
  async putWithMistake(id: string): Promise<Product> {
    return new Product(id, ++this.writes);
  }

  @CacheEvict({ tags: (tag) => [tag as string] })
  async writeWithTag(_tag: string | undefined): Promise<number> {
    return ++this.writes;
  }

  @CacheEvict({ key: (user) => user!.id })
  async writeWithKey(_user?: { id: string }): Promise<number> {
    return ++this.writes;
  }

  @CacheEvict({ key: (id) => id, resultTags: (result) => [(result as { tag?: string }).tag!.trim()] })
  @CacheEvict({ tags: (_id, other) => [`product:${other}`] })
  async writeWithMistakeAfter(_id: string, _other: string): Promise<object> {
    this.writes++;
    return {};
  }

  @CacheEvict({ tags: (_id, other) => [`product:${other}`] })
  @CacheEvict({ key: (id) => id, unless: (result) => (result as { no?: { such: boolean } }).no!.such })
  async writeWithMistakeInUnless(_id: string, _other: string): Promise<object> {
    this.writes++;
    return {};
  }
}

describe.each(['with Redis', 'without Redis'])('methods that write, %s', (how) => {
  let redis: RedisServer;
  let app: CacheApp;
  let products: Products;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    app = await startCacheApp({ providers: [Products] }, how === 'with Redis' ? { REDIS_URL: redis.url } : {});
    if (how === 'with Redis') await eventually(() => expect(app.cache.stats().redis).toBe('up'));
    await app.cache.clear();
    products = app.get<Products>(Products);
  });
  afterEach(() => app.close());

  it('put an instance, which comes back as a plain object', async () => {
    const put = await products.put('p');
    expect(put.label()).toBe('p v1');
    expect(await products.find('p')).toStrictEqual({ created: new Date(5), id: 'p', version: 1 });
  });

  it('never fail because the result can’t be stored: the old value goes, and the log says so once per method', async () => {
    const lines: string[] = [];
    Logger.overrideLogger({ log: () => {}, error: () => {}, warn: (line: string) => lines.push(line) });
    const rejected: CacheEvents['fillRejected'][] = [];
    app.cache.on('fillRejected', (event) => rejected.push(event));
    await products.find('p');
    for (let i = 0; i < 3; i++) await expect(products.putLive('p')).resolves.toMatchObject({ id: 'p' });
    for (let i = 0; i < 3; i++) expect((await products.findLive('p')).close).toBeInstanceOf(Function);
    expect(await app.cache.namespace('products').get('p')).toBeUndefined();
    expect(rejected.map(({ path }) => path)).toEqual([...Array(3).fill('value.run'), ...Array(3).fill('value.close')]);
    expect(lines).toEqual([
      expect.stringContaining(
        "Products@putLive: its result is not cached. Can't cache a function, found at value.run.",
      ),
      expect.stringContaining('Products@findLive: its result is not cached.'),
    ]);
    Logger.overrideLogger(false);
  });

  it.each([undefined, ''])('do not run with a tag that is %p', async (tag) => {
    await expect(products.writeWithTag(tag)).rejects.toThrow('Products@writeWithTag: tags must be');
    expect(products.writes).toBe(0);
  });

  it('do not run if their key function throws', async () => {
    await expect(products.writeWithKey()).rejects.toThrow(TypeError);
    expect(products.writes).toBe(0);
  });

  it.each(['writeWithMistakeAfter', 'writeWithMistakeInUnless'] as const)(
    'evict the rest if a function of the result throws, and say that they have run: %s',
    async (method) => {
      await products.find('1');
      await products.find('2');
      const error = (await products[method]('1', '2').catch((thrown: unknown) => thrown)) as WriteCompletedError;
      expect(error).toBeInstanceOf(WriteCompletedError);
      expect(error).toMatchObject({ method: `Products@${method}`, result: {}, cause: expect.any(TypeError) });
      expect(error.message).toMatch(/has done its work.*Do not call it again/);
      expect(products.writes).toBe(1);
      expect([(await products.find('1')).version, (await products.find('2')).version]).toEqual([1, 1]);
    },
  );

  it('remove the old value if the new one can’t be put', async () => {
    await products.find('1');
    await expect(products.putWithMistake('1')).rejects.toThrow(WriteCompletedError);
    expect((await products.find('1')).version).toBe(1);
  });
});
