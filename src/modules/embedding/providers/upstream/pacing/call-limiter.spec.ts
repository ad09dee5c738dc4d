import { FakeClock } from '../../../../../../test/support/fake-clock.js';
import { CallLimiter } from './call-limiter.js';

const signal = new AbortController().signal;

/** Calls that end when told, with how many run. */
function setUp(limit: number) {
  const clock = new FakeClock();
  const limiter = new CallLimiter(limit, clock);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const call = (name: string, maxWaitMs = 1_000, of: AbortSignal = signal) =>
    limiter.run(
      () => {
        started.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      },
      maxWaitMs,
      of,
    );
  return { clock, limiter, call, started, end: (name: string) => ends.get(name)!() };
}

describe('a call limiter', () => {
  it('lets so many run at once, and the others in the order they came', async () => {
    const { call, started, end } = setUp(2);
    const calls = ['a', 'b', 'c', 'd'].map((name) => call(name));
    expect(started).toEqual(['a', 'b']);
    end('b');
    await calls[1];
    end('a');
    await calls[0];
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    end('d');
    end('c');
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('goes on after a call that failed', async () => {
    const { limiter } = setUp(1);
    await expect(limiter.run(() => Promise.reject(new Error('broken')), 0, signal)).rejects.toThrow('broken');
    await expect(limiter.run(async () => 'next', 0, signal)).resolves.toBe('next');
  });

  it('refuses a call that waited too long, and gives its place to the next one', async () => {
    const { call, clock, started, end } = setUp(1);
    const first = call('first');
    const impatient = call('impatient', 100);
    const patient = call('patient', 5_000);
    const outcome = impatient.catch((error: unknown) => error);
    await clock.advance(101);
    expect(await outcome).toMatchObject({ kind: 'upstream-unavailable' });
    end('first');
    await first;
    expect(started).toEqual(['first', 'patient']);
    end('patient');
    await patient;
  });

  it('forgets a waiting call that was aborted', async () => {
    const { call, started, end } = setUp(1);
    const first = call('first');
    const controller = new AbortController();
    const gone = call('gone', 1_000, controller.signal);
    controller.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    end('first');
    await first;
    expect(started).toEqual(['first']);
  });
});
