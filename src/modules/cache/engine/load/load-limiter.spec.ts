import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { LoadLimiter, type PermitRequest } from './load-limiter.js';

describe('the limit on concurrent loads', () => {
  let clock: FakeClock;
  let started: string[];
  let end: Record<string, () => void>;

  beforeEach(() => {
    clock = new FakeClock();
    started = [];
    end = {};
  });

  /** A load that ends when the test says so. */
  const load = (name: string) => (): Promise<string> => {
    started.push(name);
    return new Promise((resolve) => (end[name] = () => resolve(name)));
  };
  /** Runs a load as soon as it has a permit. */
  const run = async <T>(
    limiter: LoadLimiter,
    work: () => Promise<T>,
    request?: PermitRequest,
  ): Promise<T | 'no permit'> => {
    const permit = await limiter.acquire(request);
    if (permit === undefined) return 'no permit';
    try {
      return await work();
    } finally {
      permit.release();
    }
  };
  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

  it('lets through as many as there are places, in the order they came', async () => {
    const limiter = new LoadLimiter(2, clock);
    const loads = names(4).map((name) => run(limiter, load(name)));
    await clock.advance(0);
    expect(started).toEqual(['0', '1']);
    end['1']!();
    await clock.advance(0);
    expect(started).toEqual(['0', '1', '2']);
    end['0']!();
    await clock.advance(0);
    for (const name of ['2', '3']) end[name]!();
    await expect(Promise.all(loads)).resolves.toEqual(names(4));
  });

  it('gives one place more when nothing finishes for five seconds, not all at once', async () => {
    const limiter = new LoadLimiter(2, clock);
    for (const name of names(100)) void run(limiter, load(name));
    await clock.advance(4_999);
    expect(started).toHaveLength(2);
    await clock.advance(1);
    expect(started).toHaveLength(3);
    await clock.advance(5_000);
    expect(started).toHaveLength(4);
    end['0']!();
    await clock.advance(4_999);
    expect(started).toHaveLength(5);
  });

  it('takes the extra places back once no loader waits', async () => {
    const limiter = new LoadLimiter(1, clock);
    const first = ['a', 'b'].map((name) => run(limiter, load(name)));
    await clock.advance(5_000);
    expect(started).toEqual(['a', 'b']);
    for (const name of ['a', 'b']) end[name]!();
    await Promise.all(first);
    for (const name of ['c', 'd']) void run(limiter, load(name));
    await clock.advance(0);
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('lends the permit of a loader to the loads within it, one at a time', async () => {
    const limiter = new LoadLimiter(1, clock);
    let running = 0;
    let most = 0;
    const inner = async (name: string): Promise<string> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return name;
    };
    const outer = async (name: string): Promise<string> => {
      const permit = (await limiter.acquire())!;
      const all = await Promise.all(names(3).map((i) => run(limiter, () => inner(`${name}${i}`), { outer: permit })));
      permit.release();
      return all.join();
    };
    const loads = ['a', 'b'].map((name) => outer(name));
    await clock.advance(0);
    await expect(Promise.all(loads)).resolves.toEqual(['a0,a1,a2', 'b0,b1,b2']);
    expect(most).toBe(1);
  });

  it('counts a load that goes on after the loader around it', async () => {
    const limiter = new LoadLimiter(1, clock);
    const outer = (await limiter.acquire())!;
    const inner = run(limiter, load('inner'), { outer });
    await clock.advance(0);
    outer.release();
    const next = run(limiter, load('next'));
    await clock.advance(0);
    expect(started).toEqual(['inner']);
    end['inner']!();
    await inner;
    await clock.advance(0);
    expect(started).toEqual(['inner', 'next']);
    end['next']!();
    await next;
  });

  it('serves a load that has waited before first', async () => {
    const limiter = new LoadLimiter(1, clock);
    const loads = [run(limiter, load('a')), run(limiter, load('b')), run(limiter, load('c'), { isReturning: true })];
    for (const name of ['a', 'c', 'b']) {
      await clock.advance(0);
      end[name]!();
    }
    await Promise.all(loads);
    expect(started).toEqual(['a', 'c', 'b']);
  });

  it('gives no place to a load that gave up waiting, and no timer when no load waits', async () => {
    const limiter = new LoadLimiter(1, clock);
    const a = run(limiter, load('a'));
    let giveUp!: () => void;
    const b = run(limiter, load('b'), { onWait: (stopWaiting) => (giveUp = stopWaiting) });
    const c = run(limiter, load('c'));
    await clock.advance(0);
    giveUp();
    await expect(b).resolves.toBe('no permit');
    end['a']!();
    await clock.advance(0);
    expect(started).toEqual(['a', 'c']);
    end['c']!();
    await expect(Promise.all([a, c])).resolves.toEqual(['a', 'c']);
  });
});
