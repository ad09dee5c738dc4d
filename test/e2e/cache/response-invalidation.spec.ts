import { Controller, Delete, Get, HttpCode, NotFoundException, Param, Patch, Post, Put, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CacheResponse } from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

let runs = 0;

@Controller('items')
class ItemRoutes {
  @Get()
  @CacheResponse({ namespace: 'lists' })
  list() {
    return { run: ++runs };
  }

  @Get(':id')
  @CacheResponse()
  find(@Param('id') id: string) {
    return { id, run: ++runs };
  }

  @Post()
  create(@Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('location', '/items/new').header('content-location', `http://${reply.request.host}/items/other`);
  }

  @Post('elsewhere')
  @HttpCode(200)
  elsewhere(@Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('location', 'http://other.example/items/1').header('content-location', '//other.example/items/1');
  }

  @Put(':itemId')
  replace() {}

  @Patch(':itemId')
  change() {}

  @Delete(':itemId')
  remove(@Param('itemId') id: string) {
    if (id === 'missing') throw new NotFoundException();
  }
}

describe('a request that changes a resource', () => {
  let redis: RedisServer;
  let app: CacheApp;
  let other: CacheApp;
  beforeAll(async () => {
    redis = await RedisServer.start();
    [app, other] = (await Promise.all(
      [1, 2].map(() => startCacheApp({ controllers: [ItemRoutes] }, { REDIS_URL: redis.url })),
    )) as [CacheApp, CacheApp];
    await eventually(() => {
      for (const { cache } of [app, other]) expect(cache.stats().redis).toBe('up');
    });
  });
  afterAll(async () => {
    await Promise.all([app.close(), other.close()]);
    await redis.stop();
  });
  beforeEach(async () => {
    runs = 0;
    await app.cache.clear();
  });

  // One cache knows hosts apart; a load balancer would give both instances the same.
  const ask = (at: CacheApp, path: string, method: 'get' | 'post' | 'put' | 'patch' | 'delete' = 'get') =>
    at.http[method](path).set('host', 'shop.example');

  const fill = async (path: string) => {
    await ask(app, path).expect(200);
    await eventually(() => ask(other, path).expect('cache-status', /hit/));
    await eventually(() => ask(app, path).expect('cache-status', /hit/));
  };
  const expectGone = async (path: string) => {
    const { body } = await ask(app, path).expect('cache-status', /fwd=miss/);
    await eventually(async () => expect((await ask(other, path).expect(200)).body).toEqual(body));
  };

  it.each(['put', 'patch', 'delete'] as const)(
    'by %s invalidates the responses of its URL, on every instance',
    async (method) => {
      for (const path of ['/items/1', '/items/1?page=2', '/items/2']) await fill(path);
      await ask(app, '/items/%31', method).expect(200);
      for (const path of ['/items/1', '/items/1?page=2']) await expectGone(path);
      await ask(app, '/items/2').expect('cache-status', /hit/);
    },
  );

  it('invalidates those in Location and Content-Location, in every namespace', async () => {
    for (const path of ['/items', '/items/new', '/items/other', '/items/1']) await fill(path);
    await ask(app, '/items', 'post').expect(201);
    for (const path of ['/items', '/items/new', '/items/other']) await expectGone(path);
    await ask(app, '/items/1').expect('cache-status', /hit/);
  });

  it('invalidates nothing of another origin, and nothing when it fails', async () => {
    for (const path of ['/items/1', '/items/missing']) await fill(path);
    await ask(app, '/items/elsewhere', 'post').expect(200);
    await ask(app, '/items/missing', 'delete').expect(404);
    for (const path of ['/items/1', '/items/missing']) await ask(app, path).expect('cache-status', /hit/);
  });
});
