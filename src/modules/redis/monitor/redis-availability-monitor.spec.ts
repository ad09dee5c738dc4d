import { FakeClock } from '../../../../test/support/fake-clock.js';
import type { RedisTopology, ServerIdentity } from '../redis.types.js';
import type { Probe, ProbeResult } from './availability-probe.js';
import type { Connections } from './connections.js';
import { DEFAULT_MONITOR_SETTINGS } from './monitor-settings.js';
import { RedisAvailabilityMonitor } from './redis-availability-monitor.js';

const timeout = () => new DOMException('', 'TimeoutError');
const WELL: ProbeResult = {
  readFailure: undefined,
  writeFailure: undefined,
  latencyMs: 1,
  ids: { runId: 'a', replicationId: 'a' },
};
const GONE: ProbeResult = { ...WELL, readFailure: 'refused', writeFailure: 'refused', ids: undefined };

/** A Redis, described by the results of its probe and by the events of its connections. */
class ScriptedRedis implements Connections, Probe {
  found = WELL;
  isConnected = true;
  canVerify = true;
  readonly probedAtMs: number[] = [];
  private changed = (): void => {};

  constructor(private readonly clock: FakeClock) {}

  /** A probe's answer waits for this promise. */
  stall: Promise<void> | undefined;

  async run(shouldIdentify: boolean): Promise<ProbeResult> {
    this.probedAtMs.push(this.clock.nowMs());
    await this.stall;
    return shouldIdentify ? this.found : { ...this.found, ids: undefined };
  }
  async verify(): Promise<void> {
    if (!this.canVerify) throw new Error('Data connections do not answer.');
  }
  onChange(listener: () => void): () => void {
    this.changed = listener;
    return () => (this.changed = () => {});
  }
  onReady(): void {}
  connect(): void {}
  close(): void {}

  loseConnections(): void {
    this.isConnected = false;
    this.changed();
  }
  reconnect(): void {
    this.isConnected = true;
    this.changed();
  }
  /** How often it was probed between two moments. */
  probes(fromMs: number, toMs: number): number {
    return this.probedAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
  }
}

describe('RedisAvailabilityMonitor', () => {
  let clock: FakeClock;
  let redis: ScriptedRedis;
  let monitor: RedisAvailabilityMonitor;
  let changes: string[];
  const open = (topology: RedisTopology = 'standalone') => {
    monitor = new RedisAvailabilityMonitor(redis, redis, clock, topology, DEFAULT_MONITOR_SETTINGS);
    changes = [];
    monitor.onChange(({ from, to, reason }) => changes.push(`${from} > ${to}: ${reason}`));
  };
  const openUp = async (topology?: RedisTopology) => {
    open(topology);
    await clock.advance(1_000);
    expect(monitor.state).toBe('up');
    changes.length = 0;
  };
  const may = () => ({ read: monitor.canRead(), write: monitor.canWrite() });

  beforeEach(() => {
    clock = new FakeClock();
    redis = new ScriptedRedis(clock);
  });
  afterEach(() => monitor.close());

  describe('at the start', () => {
    it('is down until a probe, the connections and the recovery steps said yes', async () => {
      open();
      const seen: unknown[] = [];
      monitor.addRecoveryStep(async (server) => void seen.push(server, may()));
      expect([monitor.state, monitor.reason, may()]).toEqual(['down', 'connecting', { read: false, write: false }]);
      await clock.advance(1_000);
      expect(seen).toEqual([
        { runId: 'a', replicationId: 'a', mayHaveLostWrites: true, isWritable: true },
        { read: false, write: false },
      ]);
      expect(changes).toEqual(['down > up: ok']);
      expect(may()).toEqual({ read: true, write: true });
    });

    it('says why Redis can not be had, each reason once', async () => {
      redis.found = { ...GONE, readFailure: 'WRONGPASS' };
      open();
      await clock.advance(1_000);
      expect([monitor.state, monitor.reason]).toEqual(['down', 'WRONGPASS']);
      for (const found of [GONE, { ...GONE, readFailure: 'closed' as const }, GONE]) {
        redis.found = found;
        await clock.advance(1_000);
        expect([monitor.state, monitor.reason]).toEqual(['down', found.readFailure]);
      }
      expect(changes).toEqual(['down > down: WRONGPASS', 'down > down: refused']);
    });

    it('gives its warnings once in each outage', async () => {
      redis.found = GONE;
      open();
      await clock.advance(1_000);
      redis.found = WELL;
      await clock.advance(2_000);
      changes.length = 0;
      redis.loseConnections();
      redis.found = GONE;
      await clock.advance(1_000);
      expect(changes).toEqual(['up > down: closed', 'down > down: refused']);
    });

    it('is degraded where only reads work, and its steps are told so', async () => {
      redis.found = { ...WELL, writeFailure: 'READONLY' };
      open();
      const steps: ServerIdentity[] = [];
      monitor.addRecoveryStep(async (server) => void steps.push(server));
      await clock.advance(1_000);
      expect(changes).toEqual(['down > degraded: READONLY']);
      expect(steps).toMatchObject([{ isWritable: false }]);
      redis.found = WELL;
      await clock.advance(1_000);
      expect(changes.at(-1)).toBe('degraded > up: ok');
      expect(steps.at(-1)).toMatchObject({ isWritable: true, mayHaveLostWrites: false });
    });
  });

  describe('outcomes of commands', () => {
    it.each(['READONLY', 'OOM', 'NOREPLICAS', 'MISCONF'])('one %s speaks for every write', async (reason) => {
      await openUp();
      monitor.recordFailure('write', new Error(`${reason} no`));
      expect(changes).toEqual([`up > degraded: ${reason}`]);
      expect(may()).toEqual({ read: true, write: false });
    });

    it.each(['LOADING', 'MASTERDOWN', 'BUSY', 'WRONGPASS', 'NOAUTH'])(
      'one %s speaks for everything',
      async (reason) => {
        await openUp();
        monitor.recordFailure('read', new Error(`${reason} no`));
        expect(changes).toEqual([`up > down: ${reason}`]);
        expect(may()).toEqual({ read: false, write: false });
      },
    );

    it('reads that time out three times over 50 ms mean down', async () => {
      await openUp();
      redis.found = { ...GONE, readFailure: 'timeout' };
      monitor.recordFailure('read', timeout());
      monitor.recordFailure('read', timeout());
      expect(changes).toEqual([]);
      await clock.advance(20);
      monitor.recordFailure('read', timeout());
      await clock.advance(40);
      expect(changes).toEqual(['up > down: timeout']);
    });

    it('writes that time out mean degraded: reads go on', async () => {
      await openUp();
      for (let i = 0; i < 3; i++) {
        monitor.recordFailure('write', timeout());
        await clock.advance(30);
      }
      expect(changes[0]).toBe('up > degraded: timeout');
    });

    it('an answer in between begins the count anew, but half of all is too much', async () => {
      await openUp();
      const round = async (successes: number) => {
        monitor.recordFailure('read', timeout());
        monitor.recordFailure('read', timeout());
        for (let i = 0; i < successes; i++) monitor.recordSuccess('read', 1);
        await clock.advance(60);
      };
      for (let i = 0; i < 20; i++) await round(3);
      expect(changes).toEqual([]);
      for (let i = 0; i < 20; i++) await round(1);
      expect(changes[0]).toBe('up > down: timeout');
    });

    it('a mistake of the caller says nothing about Redis', async () => {
      await openUp();
      for (let i = 0; i < 100; i++) {
        monitor.recordFailure('write', new Error('WRONGTYPE Operation against a key holding the wrong kind of value'));
        await clock.advance(10);
      }
      expect(changes).toEqual([]);
    });

    it('degraded gets worse, never better, by them', async () => {
      await openUp();
      redis.found = GONE;
      monitor.recordFailure('write', new Error('OOM no'));
      monitor.recordSuccess('write', 1);
      monitor.recordFailure('read', new Error('LOADING no'));
      monitor.recordFailure('write', new Error('OOM no'));
      expect(changes).toEqual(['up > degraded: OOM', 'degraded > down: LOADING']);
    });

    it('in a Cluster one node that refuses speaks for itself only, most of them for all', async () => {
      await openUp('cluster');
      monitor.recordFailure('write', new Error('READONLY no'));
      for (let i = 0; i < 19; i++) {
        monitor.recordFailure('read', timeout());
        monitor.recordSuccess('read', 1);
        monitor.recordSuccess('read', 1);
      }
      expect(changes).toEqual([]);
      for (let i = 0; i < 30; i++) monitor.recordFailure('read', timeout());
      expect(changes).toEqual(['up > down: timeout']);
    });
  });

  describe('connections', () => {
    it('that are all gone mean down at once, and the way back goes through the steps', async () => {
      await openUp();
      const steps: ServerIdentity[] = [];
      monitor.addRecoveryStep(async (server) => void steps.push(server));
      redis.loseConnections();
      expect(changes).toEqual(['up > down: closed']);
      redis.reconnect();
      await clock.advance(1_000);
      expect(changes.at(-1)).toBe('down > up: ok');
      expect(steps).toMatchObject([{ mayHaveLostWrites: false }]);
    });

    it('to another server mean that no entry is trusted until the losses are known', async () => {
      await openUp();
      const steps: ServerIdentity[] = [];
      monitor.addRecoveryStep(async (server) => {
        expect(may()).toEqual({ read: false, write: false });
        steps.push(server);
      });
      redis.found = { ...WELL, ids: { runId: 'b', replicationId: 'a' } };
      // One of several connections was replaced; the others did not notice.
      redis.reconnect();
      await clock.advance(100);
      expect(changes).toEqual(['up > down: recovery', 'down > up: ok']);
      expect(steps).toMatchObject([{ runId: 'b', mayHaveLostWrites: true }]);
    });

    it('that are kept through a stall mean the same server, also where the probe began before Redis was given up', async () => {
      await openUp();
      const steps: ServerIdentity[] = [];
      monitor.addRecoveryStep(async (server) => void steps.push(server));
      const { promise: stall, resolve: end } = Promise.withResolvers<void>();
      redis.stall = stall;
      monitor.recordFailure('read', timeout());
      await clock.advance(60);
      for (let i = 0; i < 2; i++) monitor.recordFailure('read', timeout());
      expect(changes).toEqual(['up > down: timeout']);
      redis.stall = undefined;
      end();
      await clock.advance(1_000);
      expect(changes.at(-1)).toBe('down > up: ok');
      expect(steps).toMatchObject([{ mayHaveLostWrites: false }]);
    });

    it('to a server that could not be asked for its identity are asked again, and cost nothing', async () => {
      await openUp();
      const losses: boolean[] = [];
      monitor.addRecoveryStep(async ({ mayHaveLostWrites }) => void losses.push(mayHaveLostWrites));
      redis.found = { ...WELL, ids: undefined };
      redis.loseConnections();
      redis.reconnect();
      await clock.advance(1_000);
      expect([monitor.state, losses]).toEqual(['down', []]);
      redis.found = WELL;
      await clock.advance(1_500);
      expect([monitor.state, losses]).toEqual(['up', [false]]);
    });

    it('to a server that hides its identity count as another server each time', async () => {
      redis.found = { ...WELL, ids: { runId: undefined, replicationId: undefined } };
      await openUp();
      const losses: boolean[] = [];
      monitor.addRecoveryStep(async ({ mayHaveLostWrites }) => void losses.push(mayHaveLostWrites));
      redis.reconnect();
      await clock.advance(100);
      expect([changes, losses]).toEqual([['up > down: recovery', 'down > up: ok'], [true]]);
    });
  });

  describe('the way back (half-open)', () => {
    it('lets no caller through while the probe and the steps find out', async () => {
      await openUp();
      redis.found = GONE;
      redis.loseConnections();
      await clock.advance(1_000);
      let finish = () => {};
      monitor.addRecoveryStep(() => new Promise((resolve) => (finish = resolve)));
      redis.found = WELL;
      redis.reconnect();
      await clock.advance(1_000);
      expect([monitor.state, monitor.reason, may()]).toEqual(['down', 'recovery', { read: false, write: false }]);
      finish();
      await clock.advance(0);
      expect([monitor.state, monitor.reason, may()]).toEqual(['up', 'ok', { read: true, write: true }]);
    });

    it('needs data connections that answer', async () => {
      await openUp();
      redis.loseConnections();
      redis.canVerify = false;
      await clock.advance(5_000);
      expect([monitor.state, monitor.reason]).toEqual(['down', 'recovery']);
      redis.canVerify = true;
      await clock.advance(1_500);
      expect(monitor.state).toBe('up');
    });

    it('is begun again when something spoke against Redis meanwhile', async () => {
      await openUp();
      let runs = 0;
      monitor.addRecoveryStep(async () => {
        if (++runs === 1) redis.loseConnections();
      });
      redis.loseConnections();
      await clock.advance(10);
      expect([runs, monitor.state]).toEqual([1, 'down']);
      await clock.advance(1_000);
      expect([runs, monitor.state]).toEqual([2, 'up']);
    });

    it('is not held up by late failures of commands that were given up before', async () => {
      await openUp();
      redis.loseConnections();
      monitor.addRecoveryStep(async () => monitor.recordFailure('read', timeout()));
      await clock.advance(1_000);
      expect(monitor.state).toBe('up');
    });

    it('does not lengthen the read budget by commands that waited for the end of the outage', async () => {
      redis.found = GONE;
      open();
      await clock.advance(1_000);
      redis.found = { ...WELL, latencyMs: 900 };
      monitor.addRecoveryStep(async () => void (redis.found = WELL));
      await clock.advance(1_000);
      expect([monitor.state, monitor.readBudgetMs()]).toEqual(['up', DEFAULT_MONITOR_SETTINGS.budget.floorMs]);
    });

    it('teaches them the time that answers take on a network that is slow', async () => {
      redis.found = { ...WELL, latencyMs: 80 };
      open();
      await clock.advance(1_000);
      expect([monitor.state, monitor.readBudgetMs()]).toEqual(['up', 240]);
    });

    it('is tried again with growing pauses while a step rejects', async () => {
      await openUp();
      const attemptsMs: number[] = [];
      monitor.addRecoveryStep(async () => {
        attemptsMs.push(clock.nowMs());
        throw new Error('not yet');
      });
      redis.loseConnections();
      await clock.advance(60_000);
      expect(monitor.state).toBe('down');
      // Full jitter up to a second: about two tries a second in the long run.
      expect(attemptsMs.length).toBeGreaterThan(60);
      expect(attemptsMs.length).toBeLessThan(300);
    });
  });

  describe('the probe', () => {
    it('asks about four times a second at first, and about once a second in a long outage', async () => {
      await openUp();
      redis.found = GONE;
      redis.loseConnections();
      const lostMs = clock.nowMs();
      await clock.advance(120_000);
      const first = redis.probes(lostMs + 100, lostMs + 5_100) / 5;
      expect(first).toBeGreaterThan(3);
      expect(first).toBeLessThan(5.5);
      const later = redis.probes(lostMs + 60_000, lostMs + 120_000) / 60;
      expect(later).toBeGreaterThan(0.75);
      expect(later).toBeLessThan(1.4);
    });

    it('rests while Redis is well, and still looks every 15 s', async () => {
      await openUp();
      const fromMs = clock.nowMs();
      await clock.advance(60_000);
      expect(redis.probes(fromMs, clock.nowMs())).toBe(4);
    });

    it('is asked for by failures, and not more than every 25 ms', async () => {
      await openUp();
      const fromMs = clock.nowMs();
      for (let i = 0; i < 1_000; i++) {
        monitor.recordFailure('read', timeout());
        monitor.recordSuccess('read', 1);
        await clock.advance(1);
      }
      const probes = redis.probes(fromMs, clock.nowMs());
      expect(probes).toBeGreaterThan(20);
      expect(probes).toBeLessThanOrEqual(41);
    });

    it('finds by itself a state that no command showed', async () => {
      await openUp();
      redis.found = { ...WELL, writeFailure: 'MISCONF' };
      await clock.advance(15_000);
      expect(changes).toEqual(['up > degraded: MISCONF']);
      redis.found = { ...GONE, readFailure: 'timeout' };
      await clock.advance(1_000);
      expect(changes.at(-1)).toBe('degraded > down: timeout');
    });

    it('ends with the monitor', async () => {
      await openUp();
      monitor.close();
      const fromMs = clock.nowMs();
      await clock.advance(60_000);
      expect(redis.probes(fromMs, clock.nowMs())).toBe(0);
    });
  });

  it('tells waiting callers when it is up, or its state when their time is over', async () => {
    redis.found = GONE;
    open();
    const tooShort = monitor.waitUntilUp(500);
    const longEnough = monitor.waitUntilUp(10_000);
    await clock.advance(1_000);
    await expect(tooShort).resolves.toBe('down');
    redis.found = WELL;
    await clock.advance(2_000);
    await expect(longEnough).resolves.toBe('up');
  });

  describe('over a network that has become slower than any read waits', () => {
    const record = (latencyMs: number): void => {
      for (let i = 0; i < 50; i++) monitor.recordSuccess('read', latencyMs);
    };

    it('lets reads wait longer once probes are slow too, although Redis stays up', async () => {
      await openUp();
      record(80);
      expect(monitor.readBudgetMs()).toBe(50);
      redis.found = { ...WELL, latencyMs: 80 };
      monitor.recordFailure('read', new DOMException('', 'TimeoutError'));
      await clock.advance(100);
      record(80);
      expect(monitor.readBudgetMs()).toBeGreaterThanOrEqual(80);
      expect([monitor.state, changes]).toEqual(['up', []]);
    });

    it('goes back to short waits when probes are quick again', async () => {
      await openUp();
      redis.found = { ...WELL, latencyMs: 80 };
      monitor.recordFailure('read', new DOMException('', 'TimeoutError'));
      await clock.advance(100);
      redis.found = WELL;
      monitor.recordFailure('read', new DOMException('', 'TimeoutError'));
      await clock.advance(100);
      record(80);
      expect(monitor.readBudgetMs()).toBe(50);
    });
  });
});
