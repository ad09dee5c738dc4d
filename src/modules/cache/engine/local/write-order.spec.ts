import { isSettled } from '../../../../../test/support/is-settled.js';
import { WriteOrder } from './write-order.js';

describe('the order of operations', () => {
  let order: WriteOrder;
  let started: string[];
  let ends: Map<string, PromiseWithResolvers<string>>;

  beforeEach(() => {
    order = new WriteOrder();
    started = [];
    ends = new Map();
  });

  /** An operation that ends when the test says so. */
  const operation = (name: string) => (): Promise<string> => {
    started.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const end = (name: string): Promise<void> => (ends.get(name)!.resolve(name), settle());
  const fail = (name: string): Promise<void> => (ends.get(name)!.reject(new Error(name)), settle());

  it('lets a write of a key wait for the earlier ones, and no other', async () => {
    const writes = [
      order.write(['a'], operation('first')),
      order.write(['a', 'b'], operation('second')),
      order.write(['b'], operation('third')),
      order.write(['c'], operation('other')),
    ];
    expect(started).toEqual(['first', 'other']);
    await end('first');
    expect(started).toEqual(['first', 'other', 'second']);
    await end('second');
    expect(started).toEqual(['first', 'other', 'second', 'third']);
    await end('third');
    await end('other');
    await expect(Promise.all(writes)).resolves.toEqual(['first', 'second', 'third', 'other']);
  });

  it('goes on after a write that failed', async () => {
    const first = order.write(['a'], operation('first')).catch((error: Error) => error.message);
    const second = order.write(['a'], operation('second'));
    await fail('first');
    await end('second');
    await expect(Promise.all([first, second])).resolves.toEqual(['first', 'second']);
  });

  it('tells when the writes of a key have ended, whatever their result', async () => {
    const write = order.write(['a'], operation('write')).catch(() => undefined);
    const waiting = order.writesOf(['a', 'b']);
    expect([await isSettled(waiting), await isSettled(order.writesOf(['b']))]).toEqual([false, true]);
    await fail('write');
    expect(await isSettled(waiting)).toBe(true);
    expect(await isSettled(order.writesOf(['a']))).toBe(true);
    await write;
  });

  it('runs invalidations at once, and tells when all those of a tag have ended', async () => {
    const first = order.invalidate(['t'], operation('first')).catch(() => undefined);
    const second = order.invalidate(['t', 'u'], operation('second'));
    expect(started).toEqual(['first', 'second']);
    const waiting = order.invalidationsOf(['t'])!;
    expect(order.invalidationsOf(['v'])).toBeUndefined();
    await end('second');
    expect(await isSettled(waiting)).toBe(false);
    await fail('first');
    expect(await isSettled(waiting)).toBe(true);
    expect(order.invalidationsOf(['t', 'u'])).toBeUndefined();
    await Promise.all([first, second]);
  });

  it('lets a write wait for the last one, also after an earlier one has ended', async () => {
    const writes = [order.write(['a'], operation('first')), order.write(['a'], operation('second'))];
    await end('first');
    writes.push(order.write(['a'], operation('third')));
    expect(started).toEqual(['first', 'second']);
    await end('second');
    expect(started).toEqual(['first', 'second', 'third']);
    await end('third');
    await Promise.all(writes);
  });
});
