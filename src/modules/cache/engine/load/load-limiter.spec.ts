import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { LoadLimiter } from './load-limiter.js';

describe('the gate in front of loaders', () => {
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
  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

  it('lets through as many as there are places, in the order they came', async () => {
    const gate = new LoadLimiter(2, clock);
    const loads = names(4).map((name) => gate.run(load(name)));
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
    const gate = new LoadLimiter(2, clock);
    for (const name of names(100)) void gate.run(load(name));
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
    const gate = new LoadLimiter(1, clock);
    const first = ['a', 'b'].map((name) => gate.run(load(name)));
    await clock.advance(5_000);
    expect(started).toEqual(['a', 'b']);
    for (const name of ['a', 'b']) end[name]!();
    await Promise.all(first);
    for (const name of ['c', 'd']) void gate.run(load(name));
    await clock.advance(0);
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('lends the place of a loader to the loads within it, one at a time', async () => {
    const gate = new LoadLimiter(1, clock);
    let running = 0;
    let most = 0;
    const inner = async (name: string): Promise<string> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return name;
    };
    const outer = (name: string) => () =>
      Promise.all(names(3).map((i) => gate.run(() => inner(`${name}${i}`)))).then((all) => all.join());
    const loads = ['a', 'b'].map((name) => gate.run(outer(name)));
    await clock.advance(0);
    await expect(Promise.all(loads)).resolves.toEqual(['a0,a1,a2', 'b0,b1,b2']);
    expect(most).toBe(1);
  });

  it('gives no place to a loader that gave up waiting', async () => {
    const gate = new LoadLimiter(1, clock);
    void gate.run(load('a'));
    let giveUp!: () => void;
    const b = gate.run(load('b'), (stopWaiting) => (giveUp = stopWaiting));
    const c = gate.run(load('c'));
    await clock.advance(0);
    giveUp();
    await expect(b).rejects.toThrow(DOMException);
    end['a']!();
    await clock.advance(0);
    expect(started).toEqual(['a', 'c']);
    end['c']!();
    await expect(c).resolves.toBe('c');
  });
});
