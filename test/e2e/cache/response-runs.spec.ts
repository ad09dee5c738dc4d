import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, type INestApplication, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CacheResponse, UnreadableResponses } from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';

let runs = 0;
let gate = Promise.withResolvers<void>();

@Controller('run')
class Routes {
  @Get('slow')
  @CacheResponse({ ttl: '1h' })
  async slow() {
    runs += 1;
    await gate.promise;
    return { run: runs };
  }

  /** Gives up with its client, as a handler that hands the signal on does. */
  @Get('giving-up')
  @CacheResponse({ ttl: '1h' })
  async givingUp(@Req() { raw }: FastifyRequest) {
    const run = ++runs;
    const left = new Promise<void>((_resolve, reject) => {
      raw.socket.once('close', () => reject(new Error('The client has left.')));
    });
    await Promise.race([gate.promise, left]);
    return { run };
  }

  /** Writes past Fastify. */
  @Get('raw')
  @CacheResponse({ ttl: '1h' })
  raw(@Res() reply: FastifyReply) {
    reply.hijack();
    reply.raw.end(`run ${++runs}`);
  }

  @Get('item')
  @CacheResponse({ ttl: '1h' })
  item() {
    return { run: ++runs };
  }
}

let app: CacheApp;
beforeAll(async () => {
  app = await startCacheApp({ controllers: [Routes] });
});
afterAll(() => app.close());
beforeEach(async () => {
  runs = 0;
  gate = Promise.withResolvers();
  await app.cache.clear();
});

/** A client that asks and leaves once its request has reached the handler. */
async function askAndLeave(path: string): Promise<void> {
  const before = runs;
  const leaving = new AbortController();
  const asked = fetch(app.url + path, { signal: leaving.signal }).catch(() => undefined);
  await eventually(() => expect(runs).toBeGreaterThan(before));
  leaving.abort();
  await asked;
}

describe('a client that leaves', () => {
  it('does not end the run for the fifty that wait for it', async () => {
    const first = askAndLeave('/run/slow');
    await first;
    const waiting = Array.from({ length: 50 }, () => fetch(`${app.url}/run/slow`).then((answer) => answer.json()));
    await eventually(async () => expect(await connections(app.nest)).toBeGreaterThanOrEqual(50));
    gate.resolve();
    expect(new Set((await Promise.all(waiting)).map((body) => JSON.stringify(body)))).toEqual(new Set(['{"run":1}']));
    expect(runs).toBe(1);
  });

  it('does not keep a route from being cached, however often it asks', async () => {
    await askAndLeave('/run/slow');
    for (let i = 0; i < 10; i++) {
      const leaving = new AbortController();
      const asked = fetch(`${app.url}/run/slow`, { signal: leaving.signal }).catch(() => undefined);
      await delay(0);
      leaving.abort();
      await asked;
    }
    gate.resolve();
    await eventually(() => app.http.get('/run/slow').expect('cache-status', /hit/));
    expect(runs).toBe(1);
  });

  it('hands the run to one of those that wait when its handler gives up with it', async () => {
    const leaving = new AbortController();
    const first = fetch(`${app.url}/run/giving-up`, { signal: leaving.signal }).catch(() => undefined);
    await eventually(() => expect(runs).toBe(1));
    const waiting = Array.from({ length: 20 }, () => fetch(`${app.url}/run/giving-up`).then((answer) => answer.json()));
    await eventually(async () => expect(await connections(app.nest)).toBeGreaterThanOrEqual(20));
    leaving.abort();
    await first;
    await eventually(() => expect(runs).toBe(2));
    gate.resolve();
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }, () => ({ run: 2 })));
    expect(runs).toBe(2);
  });

  it('is not meant by a handler that writes its response past Fastify', async () => {
    for (const run of [1, 2]) await app.http.get('/run/raw').expect(200, `run ${run}`);
  });
});

/** A stored response in the format of the cache, with another head. */
function packed(head: unknown, body = 'forged'): Buffer {
  const json = Buffer.from(typeof head === 'string' ? head : JSON.stringify(head));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(1);
  prefix.writeUInt32LE(json.length, 1);
  return Buffer.concat([prefix, json, Buffer.from(body)]);
}

describe('a forged or damaged entry in the slot of a response', () => {
  const head = { status: 200, headers: [['x-a', '1']], entityTag: '"a"', madeAtMs: 1, lengths: [6, 0, 0] };

  it('is served when nothing is wrong with it: the ones below differ in one thing', async () => {
    await app.cache.set(await keyOfItem(), packed(head));
    await app.http.get('/run/item').expect(200).expect('x-a', '1');
  });

  it.each<[string, unknown]>([
    ['no JSON', packed('{"status":200')],
    ['no object', packed('null')],
    ['a status that is none', packed({ ...head, status: 99 })],
    ['a text for a status', packed({ ...head, status: '200' })],
    ['a line break in a header', packed({ ...head, headers: [['x-a', '1\r\nset-cookie: a=b']] })],
    ['a line break in a name', packed({ ...head, headers: [['x-a\r\nb', '1']] })],
    ['a cookie', packed({ ...head, headers: [['set-cookie', 'a=b']] })],
    ['a length', packed({ ...head, headers: [['content-length', '1']] })],
    ['headers that are no list', packed({ ...head, headers: { 'x-a': '1' } })],
    ['a line break in its tag', packed({ ...head, entityTag: '"a\r\nb"' })],
    ['no time', packed({ ...head, madeAtMs: null })],
    ['lengths of other bytes', packed({ ...head, lengths: [7, 0, 0] })],
    ['lengths that are negative', packed({ ...head, lengths: [7, -1, 0] })],
    ['too few lengths', packed({ ...head, lengths: [6] })],
    ['a head longer than its bytes', packed(head).subarray(0, 20)],
    ['another version', Buffer.concat([Buffer.from([9]), packed(head).subarray(1)])],
    ['no bytes', Buffer.alloc(0)],
    ['one byte', Buffer.from('a')],
    ['the byte of a private run', Buffer.from('p')],
    ['a text', 'forged'],
    ['an object', head],
    ['nothing', undefined],
    ['null', null],
  ])('%s: is a miss, deleted and counted', async (_what, value) => {
    const key = await keyOfItem();
    const unreadable = app.get<UnreadableResponses>(UnreadableResponses);
    const before = unreadable.count;
    await app.cache.set(key, value);
    const { run } = (await app.http.get('/run/item').expect(200)).body as { run: number };
    expect(run).toBe(2);
    await app.http.get('/run/item').expect(200, { run }).expect('cache-status', /hit/);
    expect(unreadable.count).toBe(before + 1);
  });

  async function keyOfItem(): Promise<string> {
    let key = '';
    const stop = app.cache.on('fill', (event) => {
      key = event.key;
    });
    await app.http.get('/run/item').expect(200);
    stop();
    return key;
  }
});

/** Connections that the server has now. */
function connections(nest: INestApplication): Promise<number> {
  return new Promise((resolve) => {
    nest.getHttpServer().getConnections((_error: unknown, count: number) => resolve(count));
  });
}
