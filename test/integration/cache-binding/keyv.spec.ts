import * as suite from '@keyv/test-suite';
import { createCache as createManager } from 'cache-manager';
import { Keyv } from 'keyv';
import { type Cache, createCache, createKeyv, KeyvStore } from '../../../src/modules/cache/index.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { vitestOnJest } from '../../support/vitest-on-jest.js';

describe.each(['with Redis', 'without Redis'])('the Keyv store of the engine, %s', (how) => {
  let redis: RedisServer;
  let cache: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    cache = createCache(how === 'with Redis' ? { redis: redis.url } : {});
    expect(await cache.ready(10_000)).toBe(true);
  });
  afterAll(async () => {
    await cache.close();
    await redis.stop();
  });

  describe('passes @keyv/test-suite', () => {
    suite.default(vitestOnJest, Keyv, () => new KeyvStore(cache.namespace('suite')));
  });
  describe('passes the iterator tests of @keyv/test-suite', () => {
    suite.keyvIteratorTests(vitestOnJest, Keyv, () => new KeyvStore(cache.namespace('iterator')));
  });
  describe('passes both through createKeyv()', () => {
    /** What the suite makes: a Keyv of a store and a namespace. */
    const Made = function ({ store, namespace }: { store?: KeyvStore; namespace?: string } = {}): Keyv {
      return store === undefined ? new Keyv() : createKeyv(cache.namespace('made'), { namespace });
    } as unknown as typeof Keyv;
    suite.keyvApiTests(vitestOnJest, Made, () => new KeyvStore(cache));
    suite.keyvNamespaceTest(vitestOnJest, Made, () => new KeyvStore(cache));
    suite.keyvIteratorTests(vitestOnJest, Made, () => new KeyvStore(cache));
  });

  it('keeps every key apart: empty, with lone surrogates, long, and those that look like names of ours', async () => {
    const keyv = createKeyv<string>(cache, { namespace: 'keys' });
    const long = 'k'.repeat(1_000);
    const keys = [
      '',
      '\u0000',
      '\u0001',
      '\ud800',
      '\udc00',
      '\ufffd',
      long,
      `${long}!`,
      '#a',
      '##a',
      'a:b',
      'keys:a',
      'a',
    ];
    for (const key of keys) await keyv.set(key, `value of ${key}`);
    for (const key of keys) expect(await keyv.get(key)).toBe(`value of ${key}`);
    const listed: [string, string][] = [];
    for await (const pair of keyv.iterator!({})) listed.push(pair as [string, string]);
    expect(listed.map(([key]) => key).sort()).toEqual([...keys].sort());
    expect(listed.every(([key, value]) => value === `value of ${key}`)).toBe(true);
    expect(await keyv.get(['a', 'missing', ''])).toEqual(['value of a', undefined, 'value of ']);
  });

  it('keeps every namespace apart, whatever its text', async () => {
    const names = ['a', 'a:b', 'a/b', '', 'n-a', 'ä', '\ud800', 'x'.repeat(200)];
    const all = names.map((namespace) => createKeyv<string>(cache.namespace('many'), { namespace }));
    for (const [i, keyv] of all.entries()) await keyv.set('k', `of ${names[i]}`);
    await all[0]!.clear();
    expect(await all[0]!.get('k')).toBeUndefined();
    for (const [i, keyv] of all.entries()) if (i > 0) expect(await keyv.get('k')).toBe(`of ${names[i]}`);
  });

  it('keeps types, without JSON in between', async () => {
    const keyv = createKeyv(cache, { namespace: 'types' });
    const value = { at: new Date(5), vector: new Float32Array([1.5]), map: new Map([['a', 1n]]), blank: undefined };
    await keyv.set('k', value);
    expect(await keyv.get('k')).toStrictEqual(value);
  });

  it('a value that can’t be stored: set answers false, error is emitted, and the old value is gone', async () => {
    const keyv = createKeyv(cache, { namespace: 'refused' });
    const errors: Error[] = [];
    keyv.on('error', (error: Error) => errors.push(error));
    await keyv.set('k', 'old');
    expect(await keyv.set('k', { run: () => 1 })).toBe(false);
    expect(errors).toEqual([expect.objectContaining({ name: 'UnstorableValueError' })]);
    expect(await keyv.get('k')).toBeUndefined();
  });

  it('a ttl ends a value, of the call or of the Keyv; without one it stays', async () => {
    const brief = createKeyv(cache, { namespace: 'ttl', ttl: 30 });
    await brief.set('default', 1);
    await brief.set('own', 1, 60_000);
    await createKeyv(cache, { namespace: 'ttl' }).set('for ever', 1);
    await eventually(async () => expect(await brief.get('default')).toBeUndefined());
    expect(await brief.get(['own', 'for ever'])).toEqual([1, 1]);
  });

  it('setMany, has and deleteMany answer for each key', async () => {
    const keyv = createKeyv<number>(cache, { namespace: 'many keys' });
    const set = await keyv.setMany([1, 2, 3].map((n) => ({ key: `${n}`, value: n, ttl: 60_000 })));
    expect(set).toEqual([true, true, true]);
    expect(await keyv.has(['1', 'x', '3'])).toEqual([true, false, true]);
    expect(await keyv.delete(['x', 'y'])).toBe(false);
    expect(await keyv.delete(['1', 'y'])).toBe(true);
    expect(await keyv.delete('1')).toBe(false);
  });

  it('works under cache-manager: get, mget, ttl, wrap, del, clear', async () => {
    const manager = createManager({ stores: [createKeyv(cache, { namespace: 'manager' })], ttl: 60_000 });
    await manager.mset([
      { key: 'a', value: 1 },
      { key: 'b', value: null },
    ]);
    expect(await manager.mget(['a', 'b', 'c'])).toEqual([1, null, undefined]);
    expect(await manager.ttl('a')).toBeGreaterThan(Date.now() + 30_000);
    let runs = 0;
    const wrapped = await Promise.all([1, 2].map(() => manager.wrap('w', async () => ++runs)));
    expect([wrapped, await manager.wrap('w', async () => ++runs)]).toEqual([[1, 1], 1]);
    await manager.del('a');
    expect(await manager.get('a')).toBeUndefined();
    await manager.clear();
    expect(await manager.get('w')).toBeUndefined();
  });
});

it('a delete and a clear reach the other instances', async () => {
  const redis = await RedisServer.start();
  const [a, b] = await coherentCaches(redis, {}, {});
  const [here, there] = [createKeyv(a), createKeyv(b)];
  for (const key of ['deleted', 'cleared']) await here.set(key, 1);
  expect(await there.get(['deleted', 'cleared'])).toEqual([1, 1]);
  await here.delete('deleted');
  await eventually(async () => expect(await there.get(['deleted', 'cleared'])).toEqual([undefined, 1]));
  await here.clear();
  await eventually(async () => expect(await there.get('cleared')).toBeUndefined());
  await Promise.all([a.close(), b.close()]);
  await redis.stop();
});
