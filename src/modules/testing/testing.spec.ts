import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Cacheable, CacheEvict } from '../cache/nest.js';
import { CacheRecorder, CacheTestingModule, createTestCache, StaleReadChecker, TestClock } from './nest.js';

@Injectable()
class Products {
  @Cacheable({ namespace: 'products', key: (id) => id, ttl: '1m' })
  async find(id: string): Promise<string> {
    return id;
  }

  @CacheEvict({ namespace: 'products', key: (id) => id })
  async change(id: string): Promise<string> {
    return id;
  }
}

describe('createTestCache()', () => {
  it('moves time: an entry is a hit within its ttl and a miss after it', async () => {
    const { cache, advance, recorder } = createTestCache({ ttlMs: 60_000 });
    const read = () => cache.getOrLoad('a', async () => 1);
    await read();
    expect(recorder.wasHit('a')).toBe(false);
    await advance(59_999);
    await read();
    expect(recorder.wasHit('a')).toBe(true);
    await advance(1);
    await read();
    expect([recorder.wasHit('a'), recorder.loads('a'), recorder.loads()]).toEqual([false, 2, 2]);
    expect(recorder.wasHit('never read')).toBeUndefined();
    recorder.clear();
    expect(recorder.events).toEqual([]);
    recorder.stop();
    await read();
    expect(recorder.events).toEqual([]);
    await cache.close();
  });
});

describe('CacheTestingModule', () => {
  it('gives the decorators a clock to move and a record to ask', async () => {
    const module = await Test.createTestingModule({
      imports: [CacheTestingModule.forRoot()],
      providers: [Products],
    }).compile();
    await module.init();
    const products = module.get(Products);
    const recorder = module.get(CacheRecorder);
    await products.find('7');
    await products.find('7');
    expect(recorder.loads('7')).toBe(1);
    await module.get(TestClock).advance(60_000);
    await products.find('7');
    expect(recorder.loads('7')).toBe(2);
    await products.change('7');
    await products.find('7');
    expect([recorder.wasHit('7'), recorder.loads('7')]).toEqual([false, 3]);
    await module.close();
  });
});

describe('StaleReadChecker', () => {
  const write = async (checker: StaleReadChecker, isEvicted: boolean) => {
    const { cache } = createTestCache();
    let version = 1;
    const read = () =>
      checker.read(
        'a',
        () => cache.getOrLoad('a', async () => version),
        (value) => value,
      );
    await read();
    await checker.write('a', 2, async () => {
      version = 2;
      if (isEvicted) await cache.delete('a');
    });
    await read();
    await cache.close();
  };

  it('finds a write that does not evict', async () => {
    const checker = new StaleReadChecker();
    await write(checker, false);
    expect(checker.staleReads).toEqual([{ key: 'a', version: 1, required: 2 }]);
    expect(() => checker.expectNoStaleRead()).toThrow('1 of 1 reads were stale');
  });

  it('finds nothing where the write evicts', async () => {
    const checker = new StaleReadChecker();
    await write(checker, true);
    checker.expectNoStaleRead();
    expect(checker.checked).toBe(1);
  });
});
