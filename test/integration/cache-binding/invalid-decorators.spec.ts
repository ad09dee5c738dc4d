import { Controller, Get, Injectable, Post, type Type } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { type Observable, of } from 'rxjs';
import { Cacheable, CacheEvict, CachePut, CacheResponse } from '../../../src/modules/cache/index.js';
import { WarmUp } from '../../../src/modules/warmup/index.js';
import { startCacheApp } from '../../support/cache-app.js';

/** Makes a class with one method, decorated as a test wants it. */
function withMethod(...decorators: MethodDecorator[]): Type {
  @Injectable()
  class Mistaken {
    async method(id: string): Promise<string> {
      return id;
    }
  }
  for (const decorate of decorators)
    decorate(Mistaken.prototype, 'method', Object.getOwnPropertyDescriptor(Mistaken.prototype, 'method')!);
  return Mistaken;
}

const method = (decorator: unknown) => decorator as MethodDecorator;

describe('a decorated method that can’t work stops the start, by name', () => {
  it.each<[string, MethodDecorator[], RegExp]>([
    [
      '@Cacheable with @CacheEvict',
      [method(Cacheable()), method(CacheEvict({ tags: ['a'] }))],
      /^Mistaken@method: @Cacheable must be the only/,
    ],
    ['@Cacheable twice', [method(Cacheable()), method(Cacheable())], /^Mistaken@method: @Cacheable must be the only/],
    ['@CachePut without a key', [method(CachePut({}))], /^Mistaken@method: @CachePut needs a key/],
    ['@CacheEvict of nothing', [method(CacheEvict({}))], /^Mistaken@method: @CacheEvict needs/],
    ['@CacheEvict of the whole cache', [method(CacheEvict({ all: true }))], /^Mistaken@method: .*needs a namespace/],
    ['a ttl that is none', [method(Cacheable({ ttl: 'soon' as '1s' }))], /^Mistaken@method: Not a duration: "soon"/],
    [
      'a cache that is none',
      [method(Cacheable({ cache: 'nowhere' }))],
      /^Mistaken@method: There is no cache named "nowhere"/,
    ],
    [
      'a message handler',
      [method(Cacheable()), method(MessagePattern('x'))],
      /^Mistaken@method: Nest binds message handlers/,
    ],
    [
      '@WarmUp without @Cacheable',
      [method(WarmUp(() => [['1']] as never[][]))],
      /^Mistaken@method: @WarmUp is for @Cacheable/,
    ],
    ['@CacheResponse on a provider', [method(CacheResponse())], /^Mistaken@method: @CacheResponse is for GET routes/],
  ])('%s', async (_what, decorators, message) => {
    await expect(startCacheApp({ providers: [withMethod(...decorators)] })).rejects.toThrow(message);
  });

  it('@CacheResponse on a route that writes', async () => {
    @Controller()
    class Writing {
      @CacheResponse()
      @Post()
      async write(): Promise<string> {
        return 'done';
      }
    }
    await expect(startCacheApp({ controllers: [Writing] })).rejects.toThrow(
      /^Writing@write: @CacheResponse is for GET routes/,
    );
  });

  it('two classes of one name without a namespace', async () => {
    const providers = [withMethod(method(Cacheable())), withMethod(method(Cacheable()))];
    await expect(startCacheApp({ providers })).rejects.toThrow('Two classes named Mistaken');
    const apart = [withMethod(method(Cacheable({ namespace: 'a' }))), withMethod(method(Cacheable()))];
    await (await startCacheApp({ providers: apart })).close();
  });

  it('a frozen object', async () => {
    const Frozen = withMethod(method(Cacheable()));
    const providers = [{ provide: Frozen, useValue: Object.freeze(new Frozen()) }];
    await expect(startCacheApp({ providers })).rejects.toThrow(/^Mistaken@method: its object is frozen/);
  });
});

@Controller()
class Undeclared {
  // Without a declared return type nothing tells that it is an observable.
  // oxlint-disable-next-line typescript/explicit-function-return-type
  @Cacheable()
  observe() {
    return of(1) as Observable<number>;
  }

  @Get('fine')
  fine(): string {
    return 'fine';
  }
}

it('an undeclared observable is named when it is called', async () => {
  const app = await startCacheApp({ controllers: [Undeclared] });
  const { observe } = app.get<{ observe(): Promise<number> }>(Undeclared);
  await expect(observe()).rejects.toThrow('Undeclared@observe returns an Observable: declare its return type');
  await app.close();
});
