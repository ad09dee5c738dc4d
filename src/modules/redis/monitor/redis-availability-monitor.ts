import type { Clock, TimerHandle } from '../../../common/clock.js';
import { retryDelayMs } from '../clients/retry-delay.js';
import type {
  Availability,
  AvailabilityChange,
  AvailabilityMonitor,
  AvailabilityReason,
  CommandKind,
  RedisTopology,
} from '../redis.types.js';
import type { Probe, ProbeResult } from './availability-probe.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { Connections } from './connections.js';
import { classifyFailure, verdictOf } from './failure.js';
import { LatencyBudget } from './latency-budget.js';
import type { MonitorSettings } from './monitor-settings.js';
import { type RecoveryStep, RecoverySteps } from './recovery-steps.js';
import { isSameServer, type ServerIds } from './server-identity.js';

const RANK: Record<Availability, number> = { down: 0, degraded: 1, up: 2 };
/** Pauses while Redis answers but a data connection or a recovery step is not ready. */
const RECOVERY_RETRY = { baseMs: 50, capMs: 1_000 };
/** However many failures ask for a probe, they get one this often. */
const MIN_PROBE_GAP_MS = 25;
/** In a long outage the probe slows down to this. */
const MAX_PROBE_INTERVAL_MS = 1_000;

/**
 * The one judgement of whether Redis is well.
 *
 * Outcomes of commands make it worse at once: an answer such as READONLY speaks for every write that follows, a few
 * timeouts in a row for every read. Only the probe makes it better (half-open: no caller is let through to find out), and
 * only after the data connections answered and every recovery step ran.
 */
export class RedisAvailabilityMonitor implements AvailabilityMonitor {
  private availability: Availability = 'down';
  private why: AvailabilityReason = 'connecting';
  private changedMs: number;
  /** Reasons listeners heard of since the state changed. */
  private told = new Set<AvailabilityReason>();
  private isReadable = false;
  private isWritable = false;

  private readonly breakers: Readonly<Record<CommandKind, CircuitBreaker>>;
  private readonly budget: LatencyBudget;
  private readonly recovery = new RecoverySteps();
  private readonly listeners = new Set<(change: AvailabilityChange) => void>();

  private knownServer: ServerIds | undefined;
  /** A connection was made since the server was last asked who it is. */
  private isServerInDoubt = true;
  private failedRecoveries = 0;
  /** Grows whenever something spoke against Redis: a probe or recovery that began before does not count. */
  private setbacks = 0;

  private timer: TimerHandle | undefined;
  private dueMs = Infinity;
  private probedMs = -Infinity;
  private isProbing = false;
  private isClosed = false;
  private readonly detach: () => void;

  constructor(
    private readonly connections: Connections,
    private readonly probe: Probe,
    private readonly clock: Clock,
    private readonly topology: RedisTopology,
    private readonly settings: MonitorSettings,
  ) {
    this.changedMs = clock.nowMs();
    // One broken node of a Cluster makes many commands fail in a row; only their share tells about the others.
    const breaker = topology === 'cluster' ? { ...settings.breaker, consecutive: Infinity } : settings.breaker;
    this.breakers = { read: new CircuitBreaker(clock, breaker), write: new CircuitBreaker(clock, breaker) };
    this.budget = new LatencyBudget(settings.budget);
    this.detach = connections.onChange(() => this.onConnectionChange());
    probe.onReady(() => this.wantProbe());
    probe.connect();
    connections.connect();
    this.wantProbe(this.regularDelayMs());
  }

  get state(): Availability {
    return this.availability;
  }

  get reason(): AvailabilityReason {
    return this.why;
  }

  get sinceMs(): number {
    return this.changedMs;
  }

  canRead(): boolean {
    return this.isReadable;
  }

  canWrite(): boolean {
    return this.isWritable;
  }

  readBudgetMs(): number {
    return this.budget.ms;
  }

  recordSuccess(kind: CommandKind, latencyMs: number): void {
    this.breakers[kind].recordSuccess();
    if (kind === 'read') this.budget.record(latencyMs);
  }

  recordFailure(kind: CommandKind, error: unknown): void {
    // Late failures of what was given up already say nothing new, and must not void a recovery.
    if (kind === 'read' ? !this.isReadable : !this.isWritable) return;
    const reason = classifyFailure(error);
    const verdict = verdictOf(reason);
    if (verdict === 'none') return;
    const hasOpened = this.breakers[kind].recordFailure(reason === 'timeout' ? this.budget.ms : 0);
    const isCertain = verdict !== 'maybe' && this.topology !== 'cluster';
    if (hasOpened || isCertain) {
      const isAboutWrites = verdict === 'writes' || (verdict === 'maybe' && kind === 'write');
      this.worsen(isAboutWrites ? 'degraded' : 'down', reason);
    }
    this.wantProbe();
  }

  onChange(listener: (change: AvailabilityChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  addRecoveryStep(step: RecoveryStep): () => void {
    return this.recovery.add(step);
  }

  waitUntilUp(timeoutMs: number): Promise<Availability> {
    if (this.availability === 'up') return Promise.resolve('up');
    return new Promise((resolve) => {
      const finish = () => {
        stopListening();
        timer.cancel();
        resolve(this.availability);
      };
      const stopListening = this.onChange(({ to }) => {
        if (to === 'up') finish();
      });
      const timer = this.clock.setTimer(finish, timeoutMs);
    });
  }

  /** Stops probing. The state stays what it is. */
  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.detach();
    this.probe.close();
  }

  private onConnectionChange(): void {
    this.isServerInDoubt = true;
    if (!this.connections.isConnected) this.worsen('down', 'closed');
    this.wantProbe();
  }

  private worsen(to: Availability, reason: AvailabilityReason): void {
    this.setbacks++;
    if (RANK[to] < RANK[this.availability]) this.change(to, reason);
  }

  private change(to: Availability, reason: AvailabilityReason): void {
    const from = this.availability;
    this.availability = to;
    this.why = reason;
    this.changedMs = this.clock.nowMs();
    this.isReadable = to !== 'down';
    this.isWritable = to === 'up';
    this.told = new Set();
    this.tell({ from, to, reason });
  }

  /** The state stays, and the probe found why: `closed` becomes `LOADING`, or `WRONGPASS`, which someone has to put right. */
  private explain(reason: AvailabilityReason): void {
    this.why = reason;
    // That a connection is not there says nothing new. An outage of many reasons tells each of them once.
    if (this.availability === 'up' || reason === 'closed' || this.told.has(reason)) return;
    this.tell({ from: this.availability, to: this.availability, reason });
  }

  private tell(change: AvailabilityChange): void {
    this.told.add(change.reason);
    for (const listener of this.listeners) listener(change);
  }

  /** Probes after `delayMs`, or sooner when that was wanted already. */
  private wantProbe(delayMs = 0): void {
    const atMs = Math.max(this.clock.nowMs() + delayMs, this.probedMs + MIN_PROBE_GAP_MS);
    if (atMs >= this.dueMs) return;
    this.dueMs = atMs;
    if (!this.isProbing) this.startTimer();
  }

  private startTimer(): void {
    this.timer?.cancel();
    if (!this.isClosed) this.timer = this.clock.setTimer(() => void this.runProbe(), this.dueMs - this.clock.nowMs());
  }

  private async runProbe(): Promise<void> {
    this.isProbing = true;
    this.dueMs = Infinity;
    this.probedMs = this.clock.nowMs();
    const { setbacks } = this;
    const shouldIdentify = this.isServerInDoubt || this.availability !== 'up';
    this.isServerInDoubt = false;
    const found = await this.probe.run(shouldIdentify);
    if (this.isClosed) return;
    this.wantProbe(await this.judge(found, shouldIdentify, setbacks));
    this.isProbing = false;
    this.startTimer();
  }

  /** Acts on what a probe found. Resolves to when to probe again, ms. */
  private async judge(found: ProbeResult, hasIdentified: boolean, setbacks: number): Promise<number> {
    const to = found.readFailure ? 'down' : found.writeFailure ? 'degraded' : 'up';
    const reason = found.readFailure ?? found.writeFailure ?? 'ok';
    if (RANK[to] < RANK[this.availability]) this.worsen(to, reason);
    else if (to === 'down') this.explain(reason);
    if (to === 'down') return this.regularDelayMs();
    // A probe that began before the last setback proves nothing about the time after it, and did not ask for the identity.
    if (this.setbacks !== setbacks) return 0;

    if (hasIdentified && this.availability !== 'down' && !this.isSameServer(found)) {
      this.change('down', 'recovery');
    }
    if (RANK[to] === RANK[this.availability]) {
      this.explain(reason);
      return this.regularDelayMs();
    }
    return (await this.recover(to, reason, found, setbacks))
      ? this.regularDelayMs()
      : retryDelayMs(++this.failedRecoveries, RECOVERY_RETRY);
  }

  private async recover(
    to: Availability,
    reason: AvailabilityReason,
    found: ProbeResult,
    setbacks: number,
  ): Promise<boolean> {
    if (this.availability === 'down') this.why = 'recovery';
    // Without an answer the server is asked again: taken for another one, it would cost every entry that it holds.
    if (found.ids === undefined && this.topology !== 'cluster') return false;
    try {
      this.connections.connect();
      await this.connections.verify();
      await this.recovery.run({
        runId: found.ids?.runId,
        replicationId: found.ids?.replicationId,
        mayHaveLostWrites: !isSameServer(this.knownServer, found.ids),
        isWritable: to === 'up',
      });
    } catch {
      return false;
    }
    const latencyMs = this.availability === 'down' ? await this.latencyMs(found) : undefined;
    if (this.setbacks !== setbacks || this.isClosed) return false;
    if (latencyMs !== undefined) this.budget.seed(latencyMs);
    this.breakers.read.reset();
    this.breakers.write.reset();
    this.knownServer = found.ids ?? this.knownServer;
    this.failedRecoveries = 0;
    this.change(to, reason);
    return true;
  }

  /** A slow answer may have waited for the end of the outage: asked again, it takes as long as the network does. */
  private async latencyMs({ latencyMs }: ProbeResult): Promise<number> {
    if (latencyMs <= this.settings.budget.capMs) return latencyMs;
    const again = await this.probe.run(false);
    return again.readFailure ? latencyMs : Math.min(latencyMs, again.latencyMs);
  }

  /** A server that could not be asked is asked again; until then Redis (in a Cluster: the other nodes) goes on being used. */
  private isSameServer({ ids }: ProbeResult): boolean {
    if (ids === undefined) {
      this.isServerInDoubt = true;
      this.wantProbe(this.settings.probeIntervalMs);
      return true;
    }
    return isSameServer(this.knownServer, ids);
  }

  /** Jittered, so that instances don't probe in step. */
  private regularDelayMs(): number {
    if (this.availability === 'up') return this.settings.idleProbeMs;
    const { probeIntervalMs } = this.settings;
    const elapsedMs = this.clock.nowMs() - this.changedMs;
    const intervalMs = Math.max(probeIntervalMs, Math.min(elapsedMs / 20, MAX_PROBE_INTERVAL_MS));
    return intervalMs * (0.75 + Math.random() / 2);
  }
}
