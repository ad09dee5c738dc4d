import { Controller, Get, Injectable, Param, VersioningType } from '@nestjs/common';
import { Cacheable, CacheConfig, CacheResponse } from '../../../src/modules/cache/index.js';
import { startCacheApp } from '../../support/cache-app.js';

function versionOne() {
  @Controller('v1/items')
  @CacheConfig({ namespace: 'items' })
  class ItemsController {
    @Get()
    @CacheResponse()
    list() {
      return { version: 1 };
    }
  }
  return ItemsController;
}

function versionTwo() {
  @Controller('v2/items')
  @CacheConfig({ namespace: 'items' })
  class ItemsController {
    @Get()
    @CacheResponse()
    list() {
      return { version: 2 };
    }
  }
  return ItemsController;
}

@Controller(['users', 'admins'])
class PeopleController {
  private runs = 0;

  @Get(['full', 'summary'])
  @CacheResponse()
  list() {
    return { run: ++this.runs };
  }

  @Get(['by-:kind', 'of/:kind'])
  @CacheResponse()
  some(@Param('kind') kind: string) {
    return { kind, run: ++this.runs };
  }
}

function serviceNamed(answer: string, namespace: string | undefined, key?: () => string) {
  @Injectable()
  @CacheConfig({ namespace })
  class Service {
    @Cacheable({ key })
    async read() {
      return answer;
    }
  }
  return Service;
}

describe('one route is not answered with the response of another', () => {
  it('that has a class of the same name in the same namespace', async () => {
    const app = await startCacheApp({ controllers: [versionOne(), versionTwo()] });
    for (let i = 0; i < 2; i++) {
      await app.http.get('/v1/items').expect(200, { version: 1 });
      await app.http.get('/v2/items').expect(200, { version: 2 });
    }
    await app.close();
  });

  it('that has the same handler under another path', async () => {
    const app = await startCacheApp({ controllers: [PeopleController] });
    const paths = [
      '/users/full',
      '/users/summary',
      '/admins/full',
      '/admins/summary',
      '/users/by-age',
      '/users/of/age',
    ];
    for (let i = 0; i < 2; i++)
      for (const [index, path] of paths.entries())
        expect((await app.http.get(path).expect(200)).body.run).toBe(index + 1);
    await app.close();
  });

  it('that has the same path in another version', async () => {
    const versions = ['1', '2'].map((version) => {
      @Controller({ path: 'items', version })
      class ItemsController {
        @Get()
        @CacheResponse()
        list() {
          return { version };
        }
      }
      return ItemsController;
    });
    const app = await startCacheApp(
      { controllers: versions },
      {},
      { prepare: (nest) => nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }) },
    );
    for (let i = 0; i < 2; i++)
      for (const version of ['1', '2'])
        await app.http.get('/items').set('x-version', version).set('accept-version', version).expect(200, { version });
    await app.close();
  });
});

describe('classes of one name with cached methods', () => {
  it.each([
    ['without a namespace', undefined],
    ['in one namespace', 'shared'],
  ])('are refused %s', async (_where, namespace) => {
    const providers = [serviceNamed('a', namespace), serviceNamed('b', namespace)];
    await expect(startCacheApp({ providers })).rejects.toThrow('Two classes named Service');
  });

  it('start in a namespace each, and share entries only by keys that they choose', async () => {
    const [one, two] = [serviceNamed('a', 'one'), serviceNamed('b', 'two')];
    const [sharing, shared] = [serviceNamed('c', 'both', () => 'k'), serviceNamed('d', 'both', () => 'k')];
    const app = await startCacheApp({ providers: [one, two, sharing, shared] });
    const read = (type: typeof one) => app.get<InstanceType<typeof one>>(type).read();
    for (let i = 0; i < 2; i++) {
      expect([await read(one), await read(two)]).toEqual(['a', 'b']);
      expect([await read(sharing), await read(shared)]).toEqual(['c', 'c']);
    }
    await app.close();
  });
});
