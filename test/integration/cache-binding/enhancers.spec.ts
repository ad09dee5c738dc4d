import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type MiddlewareConsumer,
  mixin,
  Module,
  type NestInterceptor,
  type NestMiddleware,
  Param,
  type PipeTransform,
  type Type,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, LazyModuleLoader } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { Cacheable, CacheConfig, CacheResponse } from '../../../src/modules/cache/index.js';
import { startCacheApp } from '../../support/cache-app.js';

/** How often each look-up ran, by the name of its class. */
const runs = new Map<string, number>();
const ran = (name: string): number => {
  runs.set(name, (runs.get(name) ?? 0) + 1);
  return runs.get(name)!;
};
beforeEach(() => runs.clear());

@Injectable()
class TenantGuard implements CanActivate {
  @Cacheable({ key: (id) => id })
  async tenantOf(_id: string): Promise<number> {
    return ran('guard');
  }
  async canActivate(_context: ExecutionContext): Promise<boolean> {
    return (await this.tenantOf('t')) > 0;
  }
}

@Injectable()
class GlobalGuard extends TenantGuard {
  @Cacheable({ key: (id) => id })
  override async tenantOf(_id: string): Promise<number> {
    return ran('global guard');
  }
}

class ObjectGuard extends TenantGuard {
  @Cacheable({ key: (id) => id })
  override async tenantOf(_id: string): Promise<number> {
    return ran('guard object');
  }
}

@Injectable()
class Timing implements NestInterceptor {
  @Cacheable({ key: () => 'k' })
  async settings(): Promise<number> {
    return ran('interceptor');
  }
  async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await this.settings();
    return next.handle();
  }
}

@Injectable()
class Lookup implements PipeTransform {
  @Cacheable({ key: (id) => id })
  async find(_id: string): Promise<number> {
    return ran('pipe');
  }
  async transform(id: string): Promise<string> {
    return `${id}:${await this.find(id)}`;
  }
}

@Injectable()
class TenantMiddleware implements NestMiddleware {
  @Cacheable({ key: () => 'k' })
  async tenant(): Promise<number> {
    return ran('middleware');
  }
  async use(_request: unknown, _response: unknown, next: () => void): Promise<void> {
    await this.tenant();
    next();
  }
}

@Controller('things')
@UseGuards(TenantGuard, new ObjectGuard())
@UseInterceptors(Timing)
class Things {
  @Get(':id')
  get(@Param('id', Lookup) id: string): string {
    return id;
  }
}

@Module({ controllers: [Things], providers: [{ provide: APP_GUARD, useClass: GlobalGuard }] })
class ThingsModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(TenantMiddleware).forRoutes(Things);
  }
}

it('guards, interceptors, pipes and middleware are cached', async () => {
  const app = await startCacheApp({ imports: [ThingsModule] });
  for (let i = 0; i < 3; i++) await app.http.get('/things/a').expect(200, 'a:1');
  expect(Object.fromEntries(runs)).toEqual({
    guard: 1,
    'global guard': 1,
    'guard object': 1,
    interceptor: 1,
    pipe: 1,
    middleware: 1,
  });
  await app.close();
});

it('a decorated use() of a middleware stops the start, by name', async () => {
  @Injectable()
  class CachedUse implements NestMiddleware {
    @Cacheable({ key: () => 'k' })
    async use(): Promise<void> {}
  }
  @Module({})
  class WithMiddleware {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(CachedUse).forRoutes('*all');
    }
  }
  await expect(startCacheApp({ imports: [WithMiddleware] })).rejects.toThrow(/^CachedUse@use: Nest binds the use\(\)/);
});

describe('a module that is loaded lazily', () => {
  @Injectable()
  class LazyService {
    @Cacheable({ key: (id) => id })
    async find(_id: string): Promise<number> {
      return ran('lazy');
    }
  }
  @Module({ providers: [LazyService] })
  class LazyModule {
    readonly isLazy = true;
  }

  it('has cached methods', async () => {
    const app = await startCacheApp({});
    const module = await app.get<LazyModuleLoader>(LazyModuleLoader).load(() => LazyModule);
    const service = module.get(LazyService);
    expect([await service.find('a'), await service.find('a')]).toEqual([1, 1]);
    await app.close();
  });

  it('fails to load for a mistake, by name', async () => {
    @Injectable()
    class Mistaken {
      @CacheResponse()
      async method(): Promise<void> {}
    }
    @Module({ providers: [Mistaken] })
    class MistakenModule {
      readonly isLazy = true;
    }
    const app = await startCacheApp({});
    const load = app.get<LazyModuleLoader>(LazyModuleLoader).load(() => MistakenModule);
    await expect(load).rejects.toThrow(/^Mistaken@method: @CacheResponse is for GET routes/);
    await app.close();
  });
});

const HIDDEN = Symbol('hidden');

@Injectable()
class Unusual {
  @Cacheable({ key: (id) => id })
  async [HIDDEN](_id: string): Promise<number> {
    return ran('symbol');
  }
  @Cacheable()
  private async secret(_id: string): Promise<number> {
    return ran('private');
  }
  both = async (): Promise<number[]> => [await this[HIDDEN]('a'), await this.secret('a')];
}

it('methods that are private or named by a symbol are cached', async () => {
  const app = await startCacheApp({ providers: [Unusual] });
  const unusual = app.get<Unusual>(Unusual);
  expect([await unusual.both(), await unusual.both()]).toEqual([
    [1, 1],
    [1, 1],
  ]);
  await app.close();
});

describe('what no cache can wrap is refused, by name', () => {
  const cacheable = Cacheable() as unknown as (target: object, name: string | symbol, descriptor?: object) => void;
  class Shop {
    static find(): void {}
    get price(): number {
      return 1;
    }
  }

  it.each<[string, () => unknown, string]>([
    ['a static method', () => cacheable(Shop, 'find', { value: Shop.find }), 'Shop@find: a static method'],
    [
      'an accessor',
      () => cacheable(Shop.prototype, 'price', { get: () => 1 }),
      'Shop@price: caching decorators are for',
    ],
    ['a property', () => cacheable(Shop.prototype, 'rows'), 'Shop@rows: caching decorators are for methods'],
    ['a route that is static', () => CacheResponse()(Shop, 'find', { value: Shop.find }), 'Shop@find: a static'],
  ])('%s', (_what, decorate, message) => {
    expect(decorate).toThrow(message);
  });

  it('two symbols of one description', async () => {
    @Injectable()
    class Twice {
      @Cacheable()
      async [Symbol('same')](): Promise<void> {}
      @Cacheable()
      async [Symbol('same')](): Promise<void> {}
    }
    await expect(startCacheApp({ providers: [Twice] })).rejects.toThrow(/^Twice@Symbol\(same\): two decorated methods/);
  });
});

describe('classes of mixin()', () => {
  interface Finder {
    find(id: string): Promise<number>;
  }
  const named = (): Type<Finder> => {
    @Injectable()
    class ProductFinder {
      @Cacheable({ key: (id) => id })
      async find(_id: string): Promise<number> {
        return ran('mixin');
      }
    }
    return mixin(ProductFinder);
  };
  const nameless = (options: Parameters<typeof Cacheable>[0], namespace?: string): Type<Finder> => {
    const made = (() =>
      class {
        async find(_id: string): Promise<number> {
          return ran('nameless');
        }
      })();
    const descriptor = Object.getOwnPropertyDescriptor(made.prototype, 'find')!;
    (Cacheable(options) as unknown as MethodDecorator)(made.prototype, 'find', descriptor);
    if (namespace !== undefined) CacheConfig({ namespace })(made);
    return mixin(made);
  };

  it('have the name of their source in keys, the same in every process', async () => {
    const keys: string[] = [];
    for (let process = 0; process < 2; process++) {
      const Made = named();
      expect(Made.name).toMatch(/^[\da-f]{21}$/);
      const app = await startCacheApp({ providers: [Made] });
      app.cache.on('miss', ({ key }) => keys.push(key));
      await app.get<Finder>(Made).find('1');
      await app.close();
    }
    expect(keys).toEqual(['ProductFinder:1', 'ProductFinder:1']);
  });

  it('two of one source without namespaces stop the start', async () => {
    await expect(startCacheApp({ providers: [named(), named()] })).rejects.toThrow('Two classes named ProductFinder');
  });

  it('without a name in their source need a namespace and key functions', async () => {
    const key = ((id: string) => id) as never;
    await expect(startCacheApp({ providers: [nameless({ key })] })).rejects.toThrow(
      /^find of a class that mixin\(\) made/,
    );
    await expect(startCacheApp({ providers: [nameless({}, 'shop')] })).rejects.toThrow('give it a namespace');
    await (await startCacheApp({ providers: [nameless({ key }, 'shop')] })).close();
  });
});
