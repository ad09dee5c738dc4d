import { Inject, Injectable, Scope } from '@nestjs/common';
import { ContextIdFactory, NestFactory } from '@nestjs/core';
import { lastValueFrom, Observable, of, throwError } from 'rxjs';
import { AppConfigModule } from '../../../src/common/config/app-config.module.js';
import {
  CACHE,
  type Cache,
  Cacheable,
  CacheConfig,
  cacheConfig,
  CacheEvict,
  CacheModule,
  CachePut,
} from '../../../src/modules/cache/index.js';
import { startCacheApp, TestRoot } from '../../support/cache-app.js';

/** Counts calls, per method and argument. */
@Injectable()
class Log {
  readonly calls: string[] = [];
}

@Injectable()
class Shop {
  constructor(readonly log: Log) {}

  @Cacheable({ key: (id) => id, tags: (id) => [`product:${id}`], ttl: '5m' })
  async find(id: string): Promise<{ id: string; call: number }> {
    return { id, call: this.log.calls.push(`find ${id}`) };
  }

  @Cacheable({ resultTags: (owner) => [`owner:${owner}`] })
  async ownerOf(id: string, locale: string): Promise<string> {
    this.log.calls.push(`ownerOf ${id} ${locale}`);
    return `owner-of-${id}`;
  }

  async findTwice(id: string): Promise<number[]> {
    return [(await this.find(id)).call, (await this.find(id)).call];
  }

  @Cacheable({ condition: (id) => id !== 'never', unless: (result) => result === null })
  async maybe(id: string): Promise<string | null> {
    this.log.calls.push(`maybe ${id}`);
    return id === 'missing' ? null : id;
  }

  @CachePut({ key: (id) => id, tags: (id) => [`product:${id}`] })
  async rename(id: string, call: number): Promise<{ id: string; call: number }> {
    return { id, call };
  }

  @CachePut({ resultKey: (product) => product.id })
  async create(): Promise<{ id: string; call: number }> {
    return { id: 'created', call: -1 };
  }

  @CacheEvict({ key: (id) => id })
  async remove(id: string): Promise<void> {
    if (id === 'stuck') throw new Error('stuck');
  }

  @CacheEvict({ keys: (ids) => ids })
  async removeMany(ids: string[]): Promise<number> {
    return ids.length;
  }

  @CacheEvict({ tags: (id) => [`product:${id}`] })
  @CacheEvict({ tags: ['owner:owner-of-2'] })
  async touch(id: string): Promise<string> {
    return id;
  }

  @CacheEvict({ key: (id) => id, beforeInvocation: true })
  async removeCarefully(id: string): Promise<never> {
    this.log.calls.push(`before: ${(await this.find(id)).call}`);
    throw new Error('failed half-way');
  }

  @Cacheable()
  observe(id: string): Observable<string> {
    return new Observable((subscriber) => {
      this.log.calls.push(`observe ${id}`);
      subscriber.next('first');
      subscriber.next(`last ${id}`);
      subscriber.complete();
    });
  }

  @Cacheable()
  observeFailure(): Observable<string> {
    return throwError(() => new Error('no signal'));
  }

  @Cacheable()
  async refuse(id: () => string): Promise<string> {
    return id();
  }
}

describe('decorated providers', () => {
  async function start() {
    const app = await startCacheApp({ providers: [Shop, Log] });
    return { app, shop: app.get<Shop>(Shop), calls: app.get<Log>(Log).calls };
  }

  it('run once for each key', async () => {
    const { app, shop, calls } = await start();
    const [first, second] = [await shop.find('1'), await shop.find('1')];
    expect(second).toBe(first);
    expect((await shop.find('2')).call).toBe(2);
    expect(calls).toEqual(['find 1', 'find 2']);
    await app.close();
  });

  it('run once for concurrent callers', async () => {
    const { app, shop, calls } = await start();
    await Promise.all(Array.from({ length: 50 }, () => shop.find('1')));
    expect(calls).toEqual(['find 1']);
    await app.close();
  });

  it('make a key of all arguments by default', async () => {
    const { app, shop, calls } = await start();
    for (const [id, locale] of [
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a:b', 'c'],
    ] as const)
      await shop.ownerOf(id, locale);
    expect(calls).toEqual(['ownerOf a:b c', 'ownerOf a b:c']);
    await app.close();
  });

  it('are cached when they call themselves', async () => {
    const { app, shop, calls } = await start();
    expect(await shop.findTwice('1')).toEqual([1, 1]);
    expect(calls).toHaveLength(1);
    await app.close();
  });

  it('heed condition and unless', async () => {
    const { app, shop, calls } = await start();
    for (const id of ['never', 'never', 'missing', 'missing', 'there', 'there']) await shop.maybe(id);
    expect(calls).toEqual(['maybe never', 'maybe never', 'maybe missing', 'maybe missing', 'maybe there']);
    await app.close();
  });

  it('find values that were put', async () => {
    const { app, shop } = await start();
    await shop.find('1');
    await shop.rename('1', 99);
    expect((await shop.find('1')).call).toBe(99);
    await shop.touch('1');
    expect((await shop.find('1')).call).not.toBe(99);
    await shop.create();
    expect((await shop.find('created')).call).toBe(-1);
    await app.close();
  });

  it('lose values that were evicted by key, by keys and by tag', async () => {
    const { app, shop, calls } = await start();
    const load = async () => {
      calls.length = 0;
      for (const id of ['1', '2', '3']) await shop.find(id);
      await shop.ownerOf('2', 'en');
      return [...calls];
    };
    await load();
    expect(await load()).toEqual([]);
    await shop.remove('1');
    expect(await load()).toEqual(['find 1']);
    await shop.removeMany(['1', '3']);
    expect(await load()).toEqual(['find 1', 'find 3']);
    await shop.touch('3');
    expect(await load()).toEqual(['find 3', 'ownerOf 2 en']);
    await app.close();
  });

  it('evict only after success, unless asked to evict before and after', async () => {
    const { app, shop } = await start();
    const { call } = await shop.find('stuck');
    await expect(shop.remove('stuck')).rejects.toThrow('stuck');
    expect((await shop.find('stuck')).call).toBe(call);

    const before = (await shop.find('1')).call;
    await expect(shop.removeCarefully('1')).rejects.toThrow('failed half-way');
    // Evicted before, so its own read loaded anew; evicted after, so that read is gone too.
    const during = Number(app.get<Log>(Log).calls.at(-1)?.replace('before: ', ''));
    expect(during).toBeGreaterThan(before);
    expect((await shop.find('1')).call).toBeGreaterThan(during);
    await app.close();
  });

  it('keep an observable’s last value, and its errors to themselves', async () => {
    const { app, shop, calls } = await start();
    expect(await lastValueFrom(shop.observe('1'))).toBe('last 1');
    expect(await lastValueFrom(shop.observe('1'))).toBe('last 1');
    expect(calls).toEqual(['observe 1']);
    await expect(lastValueFrom(shop.observeFailure())).rejects.toThrow('no signal');
    await app.close();
  });

  it('share frozen results, so that a caller can not change the result of another', async () => {
    const { app, shop } = await start();
    const found = await shop.find('1');
    expect(() => Object.assign(found, { id: 'other' })).toThrow(TypeError);
    await app.close();
  });

  it('name the method when no key can be made', async () => {
    const { app, shop } = await start();
    await expect(shop.refuse(() => 'x')).rejects.toThrow(/^Shop@refuse: /);
    await app.close();
  });
});

abstract class Repository {
  protected abstract readonly kind: string;
  calls = 0;

  @Cacheable({ key: (id) => id })
  async get(id: string): Promise<string> {
    this.calls++;
    return `${this.kind} ${id}`;
  }

  @Cacheable()
  async count(): Promise<number> {
    return ++this.calls;
  }
}

@CacheConfig({ namespace: 'cats' })
@Injectable()
class Cats extends Repository {
  protected override readonly kind = 'cat';

  override async count(): Promise<number> {
    return ++this.calls;
  }
}

@Injectable()
class Dogs extends Repository {
  protected override readonly kind = 'dog';
}

describe('inherited methods', () => {
  it('are cached for each class apart; an override without a decorator is not', async () => {
    const app = await startCacheApp({ providers: [Cats, Dogs] });
    const [cats, dogs] = [app.get<Cats>(Cats), app.get<Dogs>(Dogs)];
    for (let i = 0; i < 2; i++) {
      expect(await cats.get('1')).toBe('cat 1');
      expect(await dogs.get('1')).toBe('dog 1');
    }
    expect([cats.calls, dogs.calls]).toEqual([1, 1]);
    expect([await cats.count(), await cats.count()]).toEqual([2, 3]);
    expect([await dogs.count(), await dogs.count()]).toEqual([2, 2]);
    await app.close();
  });

  it('live in the namespace the class names', async () => {
    const app = await startCacheApp({ providers: [Cats, Dogs] });
    await app.get<Cats>(Cats).get('1');
    expect(await app.cache.namespace('cats').get('1')).toBe('cat 1');
    await app.cache.namespace('cats').clear();
    await app.get<Cats>(Cats).get('1');
    expect(app.get<Cats>(Cats).calls).toBe(2);
    await app.close();
  });
});

describe('two applications in one process', () => {
  it('each use their own cache, and the classes themselves stay untouched', async () => {
    const [one, two] = [
      await startCacheApp({ providers: [Shop, Log] }),
      await startCacheApp({ providers: [Shop, Log] }),
    ];
    await one.get<Shop>(Shop).find('1');
    await two.get<Shop>(Shop).find('1');
    expect(one.get<Log>(Log).calls).toEqual(['find 1']);
    expect(two.get<Log>(Log).calls).toEqual(['find 1']);
    await one.close();
    await two.get<Shop>(Shop).find('1');
    expect(two.get<Log>(Log).calls).toEqual(['find 1']);
    await two.close();

    const plain = new Shop(new Log());
    expect((await plain.find('1')).call).not.toBe((await plain.find('1')).call);
  });

  it('can’t both cache one object, but one after the other', async () => {
    const shared = new Shop(new Log());
    const parts = { providers: [{ provide: Shop, useValue: shared }] };
    const one = await startCacheApp(parts);
    await expect(startCacheApp(parts)).rejects.toThrow(/^Shop@\w+: its object is shared/);
    await one.close();
    const two = await startCacheApp(parts);
    await shared.find('1');
    await shared.find('1');
    expect(shared.log.calls).toEqual(['find 1']);
    await two.close();
  });
});

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  static made = 0;
  readonly number = ++PerRequest.made;
  constructor(readonly log: Log) {}

  @Cacheable({ key: (id) => id })
  async find(id: string): Promise<string> {
    this.log.calls.push(`${id} by ${this.number}`);
    return id;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class PerConsumer {
  constructor(readonly log: Log) {}

  @Cacheable({ key: (id) => id })
  async find(id: string): Promise<string> {
    this.log.calls.push(id);
    return id;
  }
}

@Injectable()
class Consumer {
  constructor(readonly helper: PerConsumer) {}
}

@Injectable()
class OtherConsumer extends Consumer {
  constructor(@Inject(PerConsumer) helper: PerConsumer) {
    super(helper);
  }
}

describe('providers in other scopes', () => {
  it('are cached per request, in the cache all requests share', async () => {
    const app = await startCacheApp({ providers: [PerRequest, Log] });
    const [one, two] = [
      await app.nest.resolve(PerRequest, ContextIdFactory.create()),
      await app.nest.resolve(PerRequest, ContextIdFactory.create()),
    ];
    expect(one).toBeInstanceOf(PerRequest);
    expect(one.constructor).toBe(PerRequest);
    expect(two).not.toBe(one);
    await one.find('1');
    await two.find('1');
    expect(one.log.calls).toEqual([`1 by ${one.number}`]);
    await app.close();
  });

  it('are cached per consumer', async () => {
    const app = await startCacheApp({ providers: [PerConsumer, Consumer, OtherConsumer, Log] });
    const [one, two] = [app.get<Consumer>(Consumer).helper, app.get<OtherConsumer>(OtherConsumer).helper];
    expect(two).not.toBe(one);
    await one.find('1');
    await two.find('1');
    await (await app.nest.resolve(PerConsumer)).find('1');
    expect(app.get<Log>(Log).calls).toEqual(['1']);
    await app.close();
  });

  it('are cached where a factory makes them', async () => {
    const app = await startCacheApp({
      providers: [
        Log,
        { provide: 'shop', scope: Scope.REQUEST, useFactory: (log: Log) => new Shop(log), inject: [Log] },
      ],
    });
    const shops = [
      await app.nest.resolve<Shop>('shop', ContextIdFactory.create()),
      await app.nest.resolve<Shop>('shop', ContextIdFactory.create()),
    ];
    for (const shop of shops) await shop.find('1');
    expect(app.get<Log>(Log).calls).toEqual(['find 1']);
    await app.close();
  });
});

describe('an application without HTTP', () => {
  it('is bound too', async () => {
    const nest = await NestFactory.createApplicationContext(
      {
        module: TestRoot,
        imports: [AppConfigModule.forRoot({}, [cacheConfig]), CacheModule.forRoot()],
        providers: [Shop, Log],
      },
      { logger: false, abortOnError: false },
    );
    await nest.get(Shop).find('1');
    await nest.get(Shop).find('1');
    expect(nest.get(Log).calls).toEqual(['find 1']);
    expect(nest.get<Cache>(CACHE).stats().hits.memory).toBe(1);
    await nest.close();
  });

  it('takes options of its own, given by a factory', async () => {
    const nest = await NestFactory.createApplicationContext(
      {
        module: TestRoot,
        imports: [
          AppConfigModule.forRoot({}, [cacheConfig]),
          CacheModule.forRootAsync({ useFactory: async () => ({ namespace: 'elsewhere' }) }),
        ],
      },
      { logger: false, abortOnError: false },
    );
    expect(nest.get<Cache>(CACHE).name).toBe('elsewhere');
    await nest.close();
  });
});

describe('an unused observable', () => {
  it('runs nothing', async () => {
    const app = await startCacheApp({ providers: [Shop, Log] });
    app.get<Shop>(Shop).observe('1');
    await of(1).toPromise();
    expect(app.get<Log>(Log).calls).toEqual([]);
    await app.close();
  });
});
