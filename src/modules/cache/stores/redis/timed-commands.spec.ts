import { setImmediate as nextRound } from 'node:timers/promises';
import { FakeClock } from '../../../../../test/support/fake-clock.js';
import type { RedisPool, ReplyListener } from '../../../redis/library.js';
import { TimedCommands } from './timed-commands.js';

const LIMIT_MS = 10;
const LATE_LIMIT_MS = 500;

describe('TimedCommands', () => {
  let clock: FakeClock;
  let pool: RedisPool;
  let commands: TimedCommands;
  let failures: number;
  let events: string[];

  beforeEach(() => {
    clock = new FakeClock();
    [failures, events] = [0, []];
    const monitor = { recordSuccess: () => undefined, recordFailure: () => void failures++ };
    pool = { monitor, client: () => ({}) } as unknown as RedisPool;
    commands = new TimedCommands(pool, clock);
  });

  /** Sends a command whose reply the test gives. */
  const send = (name: string): ReplyListener => {
    let sent!: ReplyListener;
    commands.run(
      'fast',
      'read',
      LIMIT_MS,
      (_client, listener) => void (sent = listener),
      (reply) => events.push(`${name} ${reply === undefined ? 'given up' : 'answered'}`),
      undefined,
      { limitMs: LATE_LIMIT_MS, onLate: () => events.push(`${name} late`) },
    );
    return sent;
  };
  const pass = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await nextRound();
  };

  it('waits no longer in a Cluster because another node has answered', async () => {
    commands = new TimedCommands({ ...pool, topology: 'cluster' } as RedisPool, clock);
    const first = send('first');
    send('second');
    await clock.advance(LIMIT_MS - 1);
    first.onReply(null);
    await pass(1);
    expect(events).toEqual(['first answered', 'second late']);
  });

  it('waits for a reply while Redis answers other commands that were sent with it', async () => {
    const first = send('first');
    const second = send('second');
    await clock.advance(LIMIT_MS - 1);
    first.onReply(null);
    await pass(1);
    await pass(LIMIT_MS);
    expect(events).toEqual(['first answered']);
    second.onReply(null);
    expect([events, failures]).toEqual([['first answered', 'second answered'], 0]);
  });

  it('does not wait for a burst that Redis does not answer, and takes it for one failure', async () => {
    for (const name of ['first', 'second', 'third']) send(name);
    await pass(LIMIT_MS);
    expect([events, failures]).toEqual([['first late', 'second late', 'third late'], 1]);
  });

  it('does not take a later answer for progress', async () => {
    send('early');
    await clock.advance(5);
    send('later').onReply(null);
    await pass(LIMIT_MS - 5);
    expect(events).toEqual(['later answered', 'early late']);
  });

  it('judges Redis by the time that this process was awake for, while the caller goes on', async () => {
    send('slow');
    // The loop stands still for 110 ms: the timer of the deadline fires 100 ms late.
    clock.jump(LIMIT_MS + 100);
    await pass(0);
    await pass(20);
    expect([events, failures]).toEqual([['slow late'], 0]);
    await pass(80);
    expect(failures).toBe(1);
  });

  it('tells the late answer, and gives up past the late limit', async () => {
    const slow = send('slow');
    send('silent');
    await pass(LIMIT_MS);
    slow.onReply(null);
    await pass(LATE_LIMIT_MS);
    await pass(LATE_LIMIT_MS);
    expect(events).toEqual(['slow late', 'silent late', 'slow answered', 'silent given up']);
  });
});
