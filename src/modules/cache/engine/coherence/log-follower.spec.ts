import type { CoherenceTarget } from './coherence-target.js';
import type { InvalidationLog, LogEntry } from '../ports/invalidation-log.js';
import { TrustWindow } from '../local/trust-window.js';
import { HeardLog } from './heard-log.js';
import { LogFollower } from './log-follower.js';
import { compareLogIds, LOG_START, type LogId } from '../versions/log-id.js';
import { FakeClock } from '../../../../../test/support/fake-clock.js';

const HEARTBEAT_MS = 500;
const UNCONFIRMED_MS = 1_000;

/** A log that tests write to, trim, and take back. */
class FakeLog implements InvalidationLog {
  readonly partitions = 1;
  readonly length = 4;
  readonly refusal = undefined;
  readonly nowMs = (): number => 0;
  entries: LogEntry[] = [];
  isAway = false;
  #count = 0;

  append(key = 'k'): LogEntry {
    const previous = this.entries.at(-1)?.id ?? LOG_START;
    const entry = {
      id: `${++this.#count}-0`,
      previous,
      body: { source: 'other', keys: [key], versions: [], isReset: false, isExpiry: false, tombstoneSequence: 0 },
    };
    this.entries.push(entry);
    return entry;
  }

  tails = async (): Promise<LogId[] | undefined> => (this.isAway ? undefined : [this.entries.at(-1)?.id ?? LOG_START]);
  begin = async (_: number, kind: 'start' | 'reset'): Promise<LogId> => this.append(kind).id;
  readAfter = async (_: number, after: LogId, limit: number): Promise<LogEntry[]> =>
    this.entries.filter(({ id }) => compareLogIds(id, after) > 0).slice(0, limit);
}

describe('following the log', () => {
  let clock: FakeClock;
  let log: FakeLog;
  let follower: LogFollower;
  let done: string[];
  let isRead: boolean;
  let reads = 0;

  beforeEach(async () => {
    clock = new FakeClock();
    log = new FakeLog();
    log.append('first');
    isRead = true;
    done = [];
    const target: CoherenceTarget = {
      apply: ({ body }) => void done.push(`apply ${body.keys.join(' ')}`),
      flush: (reason) => void done.push(`flush ${reason}`),
      reissue: async (entries) => void done.push(`reissue ${entries.flatMap(({ body }) => body.keys).join(' ')}`),
      reset: async () => void done.push('reset'),
    };
    follower = new LogFollower(log, new HeardLog(1), target, new TrustWindow(Number.NEGATIVE_INFINITY), clock, {
      heartbeatMs: HEARTBEAT_MS,
      unconfirmedMs: UNCONFIRMED_MS,
      reads: () => (isRead ? ++reads : reads),
      confirmLimitMs: () => 50,
      onCoherence: () => undefined,
      onReplayed: () => undefined,
    });
    follower.start();
    await clock.advance(0);
    done = [];
  });

  afterEach(() => follower.stop());

  /** A follower that starts on a log with some entries, at the Redis time that the log says. */
  async function startOn(entries: number, redisMs: number): Promise<string[]> {
    const fresh = new FakeLog();
    for (let i = 0; i < entries; i++) fresh.append(`k${i + 1}`);
    Object.assign(fresh, { nowMs: () => redisMs });
    const events: string[] = [];
    const target: CoherenceTarget = {
      apply: ({ body }) => void events.push(`apply ${body.keys.join(' ')}`),
      flush: (reason) => void events.push(`flush ${reason}`),
      reissue: async () => undefined,
      reset: async () => undefined,
    };
    const options = {
      heartbeatMs: 1,
      unconfirmedMs: 1,
      reads: () => 0,
      confirmLimitMs: () => 50,
      onCoherence: () => undefined,
      onReplayed: () => undefined,
    };
    const one = new LogFollower(fresh, new HeardLog(1), target, new TrustWindow(0), clock, options);
    one.start();
    await clock.advance(0);
    one.stop();
    return events;
  }

  it('starts with the entries since this instance was made, and with none from before', async () => {
    // Ids are milliseconds of Redis time: 1, 2, 3. The clock's error is 300 ms.
    await expect(startOn(3, 302)).resolves.toEqual(['apply k3']);
    await expect(startOn(3, 1_000)).resolves.toEqual([]);
    await expect(startOn(0, 302)).resolves.toEqual([]);
  });

  it('takes every entry for invalidated, if the log no longer reaches back to when this instance was made', async () => {
    const trimmed = startOn(1_200, 302);
    await expect(trimmed).resolves.toEqual(['flush log-lost']);
  });

  /** An announcement that arrives. */
  const hear = (entry: LogEntry): void => follower.receive(0, entry);

  it('applies an announcement in the tick it arrives', () => {
    hear(log.append('a'));
    expect(done).toEqual(['apply a']);
  });

  it('reads the entries that a gap shows were missed', async () => {
    log.append('missed');
    hear(log.append('heard'));
    await clock.advance(0);
    expect(done).toEqual(['apply heard', 'apply missed', 'apply heard']);
  });

  it('finds an entry without an announcement within a heartbeat', async () => {
    log.append('silent');
    await clock.advance(HEARTBEAT_MS - 1);
    expect(done).toEqual([]);
    await clock.advance(1);
    expect(done).toEqual(['apply silent']);
  });

  it('applies a late or repeated announcement once', async () => {
    const entry = log.append('a');
    hear(entry);
    hear(entry);
    await clock.advance(HEARTBEAT_MS);
    expect(done).toEqual(['apply a']);
  });

  it('empties memory when the place it had reached was trimmed away', async () => {
    for (let i = 0; i < 6; i++) log.append(`t${i}`);
    log.entries = log.entries.slice(-4);
    await clock.advance(HEARTBEAT_MS);
    expect(done).toEqual(['flush log-trimmed']);
  });

  it('empties memory when large entries had the log trimmed below its length', async () => {
    for (let i = 0; i < 6; i++) log.append(`t${i}`);
    log.entries = log.entries.slice(-2);
    await clock.advance(HEARTBEAT_MS);
    expect(done).toEqual(['flush log-trimmed']);
  });

  it('puts back the entries that a rolled-back log lost', async () => {
    hear(log.append('kept'));
    hear(log.append('lost'));
    log.entries = log.entries.slice(0, -1);
    await clock.advance(HEARTBEAT_MS);
    expect(done.slice(2)).toEqual(['reissue lost', 'flush log-rolled-back']);
  });

  it('puts it back too when others have written since', async () => {
    hear(log.append('kept'));
    hear(log.append('lost'));
    log.entries = log.entries.slice(0, -1);
    hear(log.append('since'));
    await clock.advance(0);
    expect(done.slice(2)).toEqual(['apply since', 'reissue lost', 'flush log-rolled-back']);
  });

  it('clears everything when the log is gone', async () => {
    hear(log.append('a'));
    log.entries = [];
    await clock.advance(HEARTBEAT_MS);
    expect(done.slice(1)).toEqual(['reset', 'flush log-lost']);
  });

  it('is trusted for two heartbeats and the unconfirmed time after the last good look', async () => {
    log.isAway = true;
    await clock.advance(2 * HEARTBEAT_MS + UNCONFIRMED_MS - 1);
    expect(follower.isCoherent).toBe(true);
    await clock.advance(1);
    expect(follower.isCoherent).toBe(false);
    log.isAway = false;
    log.append('meanwhile');
    await clock.advance(HEARTBEAT_MS);
    expect(done).toEqual(['apply meanwhile']);
    expect(follower.isCoherent).toBe(true);
  });
});
