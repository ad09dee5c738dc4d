import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { CallerGuard, PersonalRoutes, PublicRoutes, Stage } from './response.controllers.js';

const parts = { controllers: [PublicRoutes, PersonalRoutes], providers: [Stage, CallerGuard] };

describe.each(['in memory', 'in Redis'])('cached responses %s', (where) => {
  let redis: RedisServer | undefined;
  let app: CacheApp;
  let stage: Stage;

  beforeAll(async () => {
    if (where === 'in Redis') redis = await RedisServer.start();
    app = await startCacheApp(parts, redis ? { REDIS_URL: redis.url, CACHE_MEMORY_MAX_BYTES: '0' } : {});
    if (redis) await eventually(() => expect(app.cache.stats().redis).toBe('up'));
    stage = app.get<Stage>(Stage);
  });
  afterAll(async () => {
    await app.close();
    await redis?.stop();
  });
  beforeEach(async () => {
    await app.cache.clear();
    stage.runs = [];
    stage.isFailing = false;
  });

  it('answer with the very bytes and headers of the first run', async () => {
    const first = await app.http.get('/public/item/1').expect(200);
    expect(first.headers['cache-status']).toBe('Larder; fwd=miss; stored');
    // A busy Redis may still be storing it: until then requests join the first.
    const second = await eventually(async () => {
      const answer = await app.http.get('/public/item/1').expect(200);
      expect(answer.headers['cache-status']).toMatch(/^Larder; hit; ttl=\d+; detail=(memory|redis)$/);
      return answer;
    });
    expect(second.text).toBe(first.text);
    expect(stage.runs).toEqual(['item 1']);
    expect(second.headers).toMatchObject({
      age: '0',
      'content-type': first.headers['content-type'],
      'content-length': first.headers['content-length'],
      etag: first.headers['etag'],
      'cache-control': 'public, no-cache',
    });
    expect(first.headers['age']).toBeUndefined();
  });

  it.each(['books', 'author:ann', 'asked:1'])(
    'are evicted by the tag %s, of the route or of the response',
    async (tag) => {
      const run = async () => (await app.http.get('/public/by-author?asked=1').expect(200)).body.run as number;
      const first = await run();
      // A busy Redis may still be storing it: until then requests join the first.
      expect(await run()).toBe(first);
      await app.cache.invalidateTags(['author:bob', 'asked:2']);
      expect(await run()).toBe(first);
      await app.cache.invalidateTags([tag]);
      expect(await run()).not.toBe(first);
    },
  );

  it('answer as the bare handler does', async () => {
    const bare = await app.http.get('/public/plain/1?a=1');
    for (let i = 0; i < 2; i++) {
      const cached = await app.http.get('/public/item/1?a=1');
      expect(cached.text).toBe(bare.text);
      for (const name of ['content-type', 'content-length']) expect(cached.headers[name]).toBe(bare.headers[name]);
    }
  });

  it('keep status, headers and empty bodies', async () => {
    for (let i = 0; i < 2; i++) {
      const text = await app.http.get('/public/text').set('accept-encoding', 'identity').expect(200);
      expect(text.headers).toMatchObject({
        'content-type': 'text/csv; charset=utf-8',
        'x-shape': 'table',
        'cache-control': 'public, max-age=10, stale-while-revalidate=60',
      });
      expect(text.text).toMatch(/^run,1\n/);
      const nothing = await app.http.get('/public/nothing').expect(200).expect('content-length', '0');
      expect(nothing.headers['content-type']).toBeUndefined();
    }
    expect(stage.runs).toEqual(['text', 'nothing']);
  });

  it('answer 304 to a client that has it already, also on the first run', async () => {
    const { etag } = (await app.http.get('/public/item/1')).headers;
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    for (const given of [etag!, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await app.http.get('/public/item/1').set('if-none-match', given).expect(304, '');
      expect(answer.headers).toMatchObject({ etag, 'cache-control': 'public, no-cache' });
      expect(answer.headers['content-type']).toBeUndefined();
    }
    await app.http.get('/public/item/1').set('if-none-match', '"other"').expect(200);
    await app.cache.clear();
    stage.runs = [];
    await app.http.get('/public/item/1').set('if-none-match', etag!).expect(304);
    expect(stage.runs).toHaveLength(1);
  });

  it('answer HEAD from the response that GET stored, and store nothing for it', async () => {
    const missed = await app.http.head('/public/item/1').expect(200);
    expect(missed.headers['cache-status']).toBe('Larder; fwd=miss; detail=head');
    const { headers } = await app.http.get('/public/item/1');
    const head = await app.http.head('/public/item/1').expect(200);
    expect(head.text ?? '').toBe('');
    expect(head.headers).toMatchObject({
      etag: headers['etag'],
      'content-length': headers['content-length'],
      'content-type': headers['content-type'],
    });
    expect(head.headers['cache-status']).toContain('hit');
    await app.http.head('/public/item/1').set('if-none-match', headers['etag']!).expect(304);
    expect(stage.runs).toHaveLength(2);
  });

  it('keep compressed variants with tags of their own', async () => {
    const plain = await app.http.get('/public/text').set('accept-encoding', 'identity');
    const tags = new Set([plain.headers['etag']]);
    for (const [accept, coding, decode] of [
      ['br', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
      ['gzip, br', 'br', brotliDecompressSync],
      ['br;q=0.1, gzip;q=0.9', 'gzip', gunzipSync],
      ['*', 'br', brotliDecompressSync],
    ] as const) {
      const raw = await fetchRaw(`${app.url}/public/text`, { 'accept-encoding': accept });
      expect(raw.headers.get('content-encoding')).toBe(coding);
      expect(raw.headers.get('vary')).toContain('accept-encoding');
      expect(decode(raw.bytes).toString()).toBe(plain.text);
      expect(raw.bytes.length).toBeLessThan(plain.text.length);
      tags.add(raw.headers.get('etag')!);
      await app.http
        .get('/public/text')
        .set('accept-encoding', accept)
        .set('if-none-match', raw.headers.get('etag')!)
        .expect(304);
    }
    expect(tags.size).toBe(3);
    for (const accept of ['identity', 'br;q=0', 'deflate']) {
      expect(
        (await fetchRaw(`${app.url}/public/text`, { 'accept-encoding': accept })).headers.get('content-encoding'),
      ).toBeNull();
    }
    expect(stage.runs).toEqual(['text']);
  });

  it('run the handler once for requests that come together', async () => {
    const open = stage.close();
    let joined = 0;
    const stop = app.cache.on('coalesced', () => (joined += 1));
    const answers = Array.from({ length: 20 }, () => app.http.get('/public/slow').then((answer) => answer));
    await eventually(() => expect(joined).toBe(19));
    stop();
    open();
    const texts = new Set((await Promise.all(answers)).map(({ text }) => text));
    expect([...texts]).toEqual(['{"run":1}']);
    expect(stage.runs).toEqual(['slow']);
    const collapsed = (await Promise.all(answers)).filter(({ headers }) =>
      headers['cache-status']?.includes('collapsed'),
    );
    expect(collapsed.length).toBeGreaterThan(0);
  });

  it('are made by the next request when the client that was to make them leaves', async () => {
    const open = stage.close();
    const leaving = new AbortController();
    const left = fetch(`${app.url}/public/slow`, { signal: leaving.signal }).catch((error: Error) => error.name);
    await eventually(() => expect(stage.runs).toEqual(['slow']));
    const waiting = app.http.get('/public/slow').then((answer) => answer);
    leaving.abort();
    expect(await left).toBe('AbortError');
    open();
    expect((await waiting).status).toBe(200);
  });

  it('go when their tag is invalidated', async () => {
    await app.http.get('/public/item/1');
    await app.http.get('/public/item/2');
    await app.cache.invalidateTags(['item:1']);
    await app.http.get('/public/item/1');
    await app.http.get('/public/item/2');
    expect(stage.runs).toEqual(['item 1', 'item 2', 'item 1']);
  });

  it('are served stale while one request makes them anew in the background', async () => {
    await app.http.get('/public/fading').expect(200, { run: 1 });
    const open = stage.close();
    const stale = await eventually(async () => {
      const answer = await app.http.get('/public/fading').expect(200, { run: 1 });
      expect(answer.headers['cache-status']).toMatch(/ttl=-\d+/);
      return answer;
    });
    expect(stale.headers['age']).toBeDefined();
    await app.http.get('/public/fading').expect(200, { run: 1 });
    await eventually(() => expect(stage.runs).toHaveLength(2));
    open();
    await eventually(() => app.http.get('/public/fading').expect(200, /"run":[2-9]/));
  });

  it('are served stale in place of a failure', async () => {
    await app.http.get('/public/flaky').expect(200, { run: 1 });
    stage.isFailing = true;
    const stale = await eventually(async () => {
      const answer = await app.http.get('/public/flaky').expect(200, { run: 1 });
      expect(answer.headers['cache-status']).toBe('Larder; fwd=stale; detail=handler-failed');
      return answer;
    });
    expect(stale.headers['content-type']).toBe('application/json; charset=utf-8');
    await app.cache.clear();
    await app.http
      .get('/public/flaky')
      .expect(503)
      .expect('content-type', /application\/problem\+json/);
    stage.isFailing = false;
    await app.http.get('/public/flaky').expect(200);
  });

  it('obey the client’s Cache-Control where the route says so', async () => {
    await app.http
      .get('/public/strict')
      .set('cache-control', 'only-if-cached')
      .expect(504)
      .expect('content-type', /problem\+json/);
    await app.http.get('/public/strict').expect(200, { run: 1 });
    await app.http.get('/public/strict').set('cache-control', 'only-if-cached').expect(200, { run: 1 });
    const bypassed = await app.http.get('/public/strict').set('cache-control', 'no-store').expect(200, { run: 2 });
    expect(bypassed.headers['cache-status']).toBe('Larder; fwd=bypass; detail=no-store');
    await app.http.get('/public/strict').expect(200, { run: 1 });
    await app.http.get('/public/strict').set('cache-control', 'no-cache').expect(200, { run: 3 });
    await app.http.get('/public/strict').expect(200, { run: 3 });
    // Elsewhere a client can't make the handler run.
    await app.http.get('/public/item/1');
    await app.http.get('/public/item/1').set('cache-control', 'no-cache, no-store');
    expect(stage.runs.filter((run) => run === 'item 1')).toHaveLength(1);
  });

  it('leave streams and partial requests alone', async () => {
    for (let i = 0; i < 2; i++) {
      const stream = await app.http.get('/public/stream').buffer().expect(200);
      expect(stream.body.toString()).toBe('streamed');
      await app.http.get('/public/item/1').set('range', 'bytes=0-1').expect(200);
    }
    expect(stage.runs).toEqual(['stream', 'item 1', 'stream', 'item 1']);
  });

  it('are made anew for the right user in the background', async () => {
    await app.http.get('/me/fading').set('authorization', 'acme/ann').expect(200);
    await eventually(async () => {
      const { body } = await app.http.get('/me/fading').set('authorization', 'acme/ann').expect(200);
      expect(body).toMatchObject({ user: { id: 'ann' } });
      expect(body.run).toBeGreaterThan(1);
    });
  });
});

async function fetchRaw(url: string, headers: Record<string, string>): Promise<{ headers: Headers; bytes: Buffer }> {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(url, { headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({ headers: new Headers(answer.headers as Record<string, string>), bytes: Buffer.concat(chunks) }),
      );
    }).on('error', reject);
  });
}
