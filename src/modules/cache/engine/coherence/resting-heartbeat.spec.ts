import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { TrustWindow } from '../local/trust-window.js';
import type { InvalidationLog, LogEntry } from '../ports/invalidation-log.js';
import type { LogId } from '../versions/log-id.js';
import { HeardLog } from './heard-log.js';
import { LogFollower } from './log-follower.js';

const HEARTBEAT_MS = 500;
const UNCONFIRMED_MS = 1_000;
const MINUTE_MS = 60_000;

/** A log with one entry, and what was asked of it. */
class CountedLog implements InvalidationLog {
  readonly partitions = 1;
  readonly length = 4;
  readonly refusal = undefined;
  readonly looks: ('use' | 'upkeep')[] = [];
  isAway = false;
  nowMs = (): number => 0;
  begin = async (): Promise<LogId> => '1-0';
  readAfter = async (): Promise<LogEntry[]> => [];
  tails = async (isUse: boolean): Promise<LogId[] | undefined> => {
    this.looks.push(isUse ? 'use' : 'upkeep');
    return this.isAway ? undefined : ['1-0'];
  };
}

describe('a heartbeat without reads', () => {
  let clock: FakeClock;
  let log: CountedLog;
  let trust: TrustWindow;
  let follower: LogFollower;
  let reads: number;
  let coherence: boolean[];
  const isServed = (): boolean => clock.nowMs() < trust.untilMs;

  beforeEach(async () => {
    clock = new FakeClock();
    log = new CountedLog();
    trust = new TrustWindow(Number.NEGATIVE_INFINITY);
    reads = 0;
    coherence = [];
    const target = { apply: () => {}, flush: () => {}, reissue: async () => {}, reset: async () => {} };
    follower = new LogFollower(log, new HeardLog(1), target, trust, clock, {
      heartbeatMs: HEARTBEAT_MS,
      unconfirmedMs: UNCONFIRMED_MS,
      reads: () => reads,
      confirmLimitMs: () => 50,
      onCoherence: (isCoherent) => coherence.push(isCoherent),
      onReplayed: () => {},
    });
    follower.start();
    await clock.advance(HEARTBEAT_MS);
    log.looks.length = 0;
  });

  afterEach(() => follower.stop());

  it('rests: an hour costs twelve looks at the log, and the cache stays coherent', async () => {
    await clock.advance(60 * MINUTE_MS);

    expect(log.looks).toEqual(Array.from({ length: 12 }, () => 'upkeep'));
    expect([follower.isCoherent, coherence]).toEqual([true, [true]]);
  });

  it('serves nothing from memory that was not compared with the log within the last heartbeat', async () => {
    expect(isServed()).toBe(false);

    const confirmed = follower.confirm();
    expect(log.looks).toEqual(['use']);
    await confirmed;

    expect(isServed()).toBe(true);
    // The beat after the read that ended the rest is left out.
    reads++;
    await clock.advance(HEARTBEAT_MS);
    expect([log.looks, isServed()]).toEqual([['use'], false]);
  });

  it('looks once a second at one read a second, and each half second at more', async () => {
    for (let second = 0; second < 10; second++) {
      await follower.confirm();
      reads++;
      await clock.advance(1_000);
    }
    expect(log.looks).toHaveLength(10);

    log.looks.length = 0;
    for (let read = 0; read < 100; read++) {
      await follower.confirm();
      reads++;
      await clock.advance(100);
    }
    expect(log.looks.length).toBeLessThanOrEqual(21);
  });

  it('shares one look among the reads that end the rest together', async () => {
    await Promise.all([follower.confirm(), follower.confirm(), follower.confirm()]);

    expect(log.looks).toEqual(['use']);
  });

  it('holds no read up for longer than a read may take', async () => {
    log.tails = () => new Promise(() => undefined);
    let isOver = false;
    void follower.confirm().then(() => (isOver = true));

    await clock.advance(49);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect([isOver, isServed()]).toEqual([true, false]);
  });

  it('is trusted as without a rest, where the log can not be read at its end', async () => {
    const served: boolean[] = [];
    await follower.confirm();
    reads++;
    await clock.advance(HEARTBEAT_MS);
    log.isAway = true;
    await follower.confirm();
    served.push(isServed());
    await clock.advance(HEARTBEAT_MS + UNCONFIRMED_MS);
    served.push(isServed());

    expect(served).toEqual([true, false]);
    await clock.advance(HEARTBEAT_MS);
    expect(coherence).toEqual([true, false]);
  });

  it('beats again while the log can not be read, and rests again after that', async () => {
    log.isAway = true;
    await clock.advance(5 * MINUTE_MS);
    await clock.advance(10 * HEARTBEAT_MS);
    expect(log.looks.length).toBeGreaterThanOrEqual(10);
    expect([follower.isCoherent, coherence]).toEqual([false, [true, false]]);

    log.isAway = false;
    await clock.advance(2 * HEARTBEAT_MS);
    expect([follower.isResting, follower.isCoherent, coherence]).toEqual([true, true, [true, false, true]]);
  });
});
