import { getEventListeners } from 'node:events';
import { FakeClock } from '../../../../../test/support/fake-clock.js';
import type { Cache, LoadContext } from '../contract/cache.js';
import { createCache } from '../../create-cache.js';
import { CacheClosedError, LoadTimeoutError } from '../contract/errors.js';

const never = (): Promise<never> => new Promise(() => undefined);

/** The reason of its rejection. The promise is observed from the start. */
const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe('callers that give up', () => {
  let clock: FakeClock;
  let cache: Cache;
  let outcomes: string[];

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock });
    outcomes = [];
    cache.on('load', ({ outcome }) => outcomes.push(outcome));
  });
  afterEach(() => cache.close());

  it('get nothing for a signal that has aborted already, not even a hit', async () => {
    await cache.set('k', 'v');
    const options = { signal: AbortSignal.abort(new Error('gone')) };
    await expect(cache.getOrLoad('k', () => 'v', options)).rejects.toThrow('gone');
    await expect(cache.getOrLoadMany(['k'], () => new Map(), options)).rejects.toThrow('gone');
    expect(cache.stats().hits.memory).toBe(0);
  });

  it.each(['', 5 as never])('are rejected, not thrown at, for the key %p', async (key) => {
    const calls = [
      () => cache.get(key),
      () => cache.getEntry(key),
      () => cache.getMany([key]),
      () => cache.getManyEntries([key]),
      () => cache.getOrLoad(key, () => 1),
      () => cache.getOrLoadMany([key], () => new Map()),
      () => cache.set(key, 1),
      () => cache.delete([key]),
      () => cache.invalidateTags([key]),
      () => cache.expireTags([key]),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(TypeError);
    await expect(cache.getOrLoad('k', () => 1, { ttlMs: -1 })).rejects.toThrow(RangeError);
  });

  it('end a load without callers, though its loader ignores the signal', async () => {
    const leaving = new AbortController();
    const loading = cache.getOrLoad('k', never, { signal: leaving.signal });
    const given = failureOf(loading);
    await clock.advance(0);
    leaving.abort(new Error('left'));
    expect(await given).toEqual(new Error('left'));
    await clock.advance(0);
    expect([cache.stats().loadsInFlight, outcomes]).toEqual([0, ['aborted']]);
    await expect(cache.getOrLoad('k', () => 'anew')).resolves.toBe('anew');
  });

  it('count no longer once their time is over: the last one that aborts ends the load', async () => {
    let context!: LoadContext;
    const load = (given: LoadContext): Promise<never> => {
      context = given;
      return never();
    };
    const leaving = new AbortController();
    const timedOut = failureOf(cache.getOrLoad('k', load, { hardTimeoutMs: 100 }));
    const left = failureOf(cache.getOrLoad('k', load, { signal: leaving.signal }));
    await clock.advance(100);
    expect(await timedOut).toBeInstanceOf(LoadTimeoutError);
    expect(context.signal.aborted).toBe(false);
    leaving.abort();
    expect(await left).toBeInstanceOf(DOMException);
    expect(context.signal.aborted).toBe(true);
  });

  it('get the reason of their signal, not a stale value', async () => {
    await cache.set('k', 'old', { ttlMs: 10, graceMs: 60_000 });
    await clock.advance(10);
    const leaving = new AbortController();
    const first = failureOf(cache.getOrLoad('k', never, { signal: leaving.signal }));
    await clock.advance(0);
    leaving.abort(new Error('left'));
    expect(await first).toEqual(new Error('left'));
    expect(cache.stats().hits.stale).toBe(0);
  });

  it('leave no listener behind on their signal', async () => {
    const { signal } = new AbortController();
    await cache.getOrLoad('k', () => 'v', { signal });
    await failureOf(cache.getOrLoad('l', () => Promise.reject(new Error('down')), { signal }));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

it('a cache that closes rejects the callers that wait for a load, also where a stale value is left', async () => {
  const clock = new FakeClock();
  const cache = createCache({ clock, ttlMs: 10, graceMs: 60_000 });
  await cache.set('k', 'old');
  await clock.advance(10);
  const waiting = failureOf(cache.getOrLoad('k', never));
  await clock.advance(0);
  await cache.close();
  expect(await waiting).toBeInstanceOf(CacheClosedError);
  await expect(cache.get('k')).rejects.toThrow(CacheClosedError);
});
