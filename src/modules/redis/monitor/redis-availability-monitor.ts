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
import { Denials } from './denials.js';
import { classifyFailure, impactOf } from './failure.js';
import { FirstAttempt } from './first-attempt.js';
import { LatencyBudget } from './latency-budget.js';
import type { MonitorSettings } from './monitor-settings.js';
import { type RecoveryStep, RecoverySteps } from './recovery-steps.js';
import { isSameServer, type ServerIds } from './server-identity.js';

const RANK: Record<Availability, number> = { down: 0, degraded: 1, up: 2 };
/** Delays between attempts while Redis answers but a data connection or a recovery step fails. */
const RECOVERY_RETRY = { baseMs: 50, capMs: 1_000 };
/** Shortest time between two probes, however many failures request one. */
const MIN_PROBE_GAP_MS = 25;
/** So often a server that answers everything but INFO is asked again before it counts as another one. */
const MAX_UNIDENTIFIED_RECOVERIES = 10;
/** In a long outage the interval between probes grows up to this. */
const MAX_PROBE_INTERVAL_MS = 1_000;

/**
 * Decides whether Redis is available; the whole process uses this state.
 *
 * Outcomes of commands make the state worse at once: an answer such as READONLY applies to every write that follows, a few
 * timeouts in a row to every read. Only the probe makes it better (half-open: no caller's command is used as a test), and
 * only after the data connections have answered and every recovery step has run.
 */
export class RedisAvailabilityMonitor implements AvailabilityMonitor {
  private availability: Availability = 'down';
  private currentReason: AvailabilityReason = 'connecting';
  private changedMs: number;
  /** Reasons announced to listeners since the state changed. */
  private announcedReasons = new Set<AvailabilityReason>();
  private isReadable = false;
  private isWritable = false;

  private readonly breakers: Readonly<Record<CommandKind, CircuitBreaker>>;
  private readonly budget: LatencyBudget;
  private readonly first: FirstAttempt;
  private readonly recovery = new RecoverySteps();
  private readonly denials = new Denials();
  private readonly listeners = new Set<(change: AvailabilityChange) => void>();

  private knownServer: ServerIds | undefined;
  /** Whether a connection was made since the identity of the server was last checked. */
  private isServerUnverified = true;
  private failedRecoveries = 0;
  /** Counts the events that made the state worse. A probe or recovery that began before such an event does not count. */
  private setbacks = 0;

  private timer: TimerHandle | undefined;
  private dueMs = Infinity;
  private probedMs = -Infinity;
  private usesAtProbe = -1;
  /** Whether something has happened that only a probe explains. */
  private isProbeWanted = true;
  private isProbing = false;
  private isClosed = false;
  private readonly detach: () => void;

  constructor(
    private readonly connections: Connections,
    private readonly probe: Probe,
    private readonly clock: Clock,
    private readonly topology: RedisTopology,
    private readonly settings: MonitorSettings,
    /** Counts the uses of the pool: while it does not change, a Redis that is up is not probed. */
    private readonly uses: () => number = () => performance.now(),
  ) {
    this.changedMs = clock.nowMs();
    // One broken node of a Cluster makes many commands fail in a row. Only the share of failures says something about the others.
    const breaker = topology === 'cluster' ? { ...settings.breaker, consecutive: Infinity } : settings.breaker;
    this.breakers = { read: new CircuitBreaker(clock, breaker), write: new CircuitBreaker(clock, breaker) };
    this.budget = new LatencyBudget(settings.budget);
    this.first = new FirstAttempt(clock, settings.firstAttemptMs);
    this.detach = connections.onChange(() => this.onConnectionChange());
    probe.onReady(() => this.scheduleProbe());
    probe.connect();
    connections.connect();
    this.scheduleProbe(this.regularDelayMs());
  }

  get state(): Availability {
    return this.availability;
  }

  get reason(): AvailabilityReason {
    return this.currentReason;
  }

  get sinceMs(): number {
    return this.changedMs;
  }

  recordDenial(error: unknown): void {
    if (classifyFailure(error) === 'NOPERM') this.denials.note(error);
  }

  get denied(): readonly string[] {
    return this.denials.all();
  }

  onDenied(listener: (denial: string) => void): () => void {
    return this.denials.onDenied(listener);
  }

  get firstAttempt(): Promise<void> | undefined {
    return this.first.over;
  }

  canRead(): boolean {
    return this.isReadable;
  }

  canWrite(): boolean {
    return this.isWritable;
  }

  lateReadMs(): number {
    return this.settings.budget.lateMs;
  }

  readBudgetMs(): number {
    return this.budget.ms;
  }

  recordSuccess(kind: CommandKind, latencyMs: number): void {
    this.breakers[kind].recordSuccess();
    if (kind === 'read') this.budget.record(latencyMs);
  }

  recordFailure(kind: CommandKind, error: unknown): void {
    this.recordDenial(error);
    // Late failures of commands sent before the state changed are no news, and must not invalidate a recovery.
    if (kind === 'read' ? !this.isReadable : !this.isWritable) return;
    const reason = classifyFailure(error);
    const impact = impactOf(reason);
    if (impact === 'none') return;
    const hasOpened = this.breakers[kind].recordFailure(reason === 'timeout' ? this.budget.ms : 0);
    const isCertain = impact !== 'maybe' && this.topology !== 'cluster';
    if (hasOpened || isCertain) {
      const isAboutWrites = impact === 'writes' || (impact === 'maybe' && kind === 'write');
      this.worsen(isAboutWrites ? 'degraded' : 'down', reason);
    }
    this.scheduleProbe();
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

  /** Stops probing. The state does not change any more. */
  close(): void {
    this.isClosed = true;
    this.first.end();
    this.timer?.cancel();
    this.detach();
    this.probe.close();
  }

  private onConnectionChange(): void {
    this.isServerUnverified = true;
    if (!this.connections.isConnected) this.worsen('down', 'closed');
    this.scheduleProbe();
  }

  private worsen(to: Availability, reason: AvailabilityReason): void {
    this.setbacks++;
    if (RANK[to] < RANK[this.availability]) this.change(to, reason);
  }

  private change(to: Availability, reason: AvailabilityReason): void {
    const from = this.availability;
    this.availability = to;
    this.currentReason = reason;
    this.changedMs = this.clock.nowMs();
    this.isReadable = to !== 'down';
    this.isWritable = to === 'up';
    this.announcedReasons = new Set();
    this.announce({ from, to, reason });
    if (to !== 'down') this.first.end();
  }

  /** The state stays, but the probe found the reason: `closed` becomes `LOADING`, or `WRONGPASS`, which an operator must correct. */
  private updateReason(reason: AvailabilityReason): void {
    this.currentReason = reason;
    // A missing connection is no news. Of several reasons in one outage each is announced once.
    if (this.availability === 'up' || reason === 'closed' || this.announcedReasons.has(reason)) return;
    this.announce({ from: this.availability, to: this.availability, reason });
  }

  private announce(change: AvailabilityChange): void {
    this.announcedReasons.add(change.reason);
    for (const listener of this.listeners) listener(change);
  }

  /** Probes after `delayMs`, or sooner if an earlier probe is scheduled. */
  private scheduleProbe(delayMs = 0): void {
    this.isProbeWanted ||= delayMs === 0;
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
    if (this.isAtRest()) {
      this.scheduleProbe(this.settings.idleProbeMs);
      this.isProbing = false;
      return this.startTimer();
    }
    this.probedMs = this.clock.nowMs();
    this.isProbeWanted = false;
    const { setbacks } = this;
    const shouldIdentify = this.isServerUnverified || this.availability !== 'up';
    this.isServerUnverified = false;
    const result = await this.probe.run(shouldIdentify);
    if (this.isClosed) return;
    this.scheduleProbe(await this.applyProbe(result, shouldIdentify, setbacks));
    this.isProbing = false;
    this.startTimer();
  }

  /** Whether the pool was not used since the last probe, which found that Redis is up, and nothing has happened since. */
  private isAtRest(): boolean {
    const uses = this.uses();
    const isAtRest =
      this.availability === 'up' && !this.isServerUnverified && !this.isProbeWanted && uses === this.usesAtProbe;
    this.usesAtProbe = uses;
    return isAtRest;
  }

  /** Updates the state from the result of a probe. Resolves to the delay of the next probe, ms. */
  private async applyProbe(result: ProbeResult, hasIdentified: boolean, setbacks: number): Promise<number> {
    const to = result.readFailure ? 'down' : result.writeFailure ? 'degraded' : 'up';
    const reason = result.readFailure ?? result.writeFailure ?? 'ok';
    if (RANK[to] < RANK[this.availability]) this.worsen(to, reason);
    else if (to === 'down') this.updateReason(reason);
    // `closed`: the connection of the probe is still being made.
    if (to === 'down' && reason !== 'closed') this.first.end();
    if (to === 'down') return this.regularDelayMs();
    // A probe that began before the last setback proves nothing about the time after it, and did not ask for the identity.
    if (this.setbacks !== setbacks) return 0;

    if (hasIdentified && this.availability !== 'down' && !this.isSameServer(result)) {
      this.change('down', 'recovery');
    }
    if (RANK[to] === RANK[this.availability]) {
      this.updateReason(reason);
      const latencyMs = await this.latencyMs(result);
      if (latencyMs !== undefined) this.budget.adaptCap(latencyMs);
      return this.regularDelayMs();
    }
    return (await this.recover(to, reason, result, setbacks))
      ? this.regularDelayMs()
      : retryDelayMs(++this.failedRecoveries, RECOVERY_RETRY);
  }

  private async recover(
    to: Availability,
    reason: AvailabilityReason,
    result: ProbeResult,
    setbacks: number,
  ): Promise<boolean> {
    if (this.availability === 'down') this.currentReason = 'recovery';
    // Without an answer the server is asked again: taken for another one, it would cost every entry that it holds.
    const isAskedAgain = this.topology !== 'cluster' && this.failedRecoveries < MAX_UNIDENTIFIED_RECOVERIES;
    if (result.ids === undefined && isAskedAgain) return false;
    try {
      this.connections.connect();
      await this.connections.verify();
      await this.recovery.run({
        runId: result.ids?.runId,
        replicationId: result.ids?.replicationId,
        mayHaveLostWrites: !isSameServer(this.knownServer, result.ids),
        isWritable: to === 'up',
      });
    } catch {
      return false;
    }
    const latencyMs = this.availability === 'down' ? await this.latencyMs(result) : undefined;
    if (this.setbacks !== setbacks || this.isClosed) return false;
    if (latencyMs !== undefined) this.budget.seed(latencyMs);
    this.breakers.read.reset();
    this.breakers.write.reset();
    this.knownServer = result.ids ?? this.knownServer;
    this.failedRecoveries = 0;
    this.change(to, reason);
    return true;
  }

  /** A slow answer may have waited for the end of the outage. A second probe then measures the latency of the network. */
  private async latencyMs({ latencyMs }: ProbeResult): Promise<number> {
    if (latencyMs <= this.settings.budget.capMs) return latencyMs;
    const again = await this.probe.run(false);
    return again.readFailure ? latencyMs : Math.min(latencyMs, again.latencyMs);
  }

  /** A server that could not be asked is asked again; until then Redis (in a Cluster: the other nodes) goes on being used. */
  private isSameServer({ ids }: ProbeResult): boolean {
    if (ids === undefined) {
      this.isServerUnverified = true;
      this.scheduleProbe(this.settings.probeIntervalMs);
      return true;
    }
    return isSameServer(this.knownServer, ids);
  }

  /** With jitter, so that instances don't probe at the same time. */
  private regularDelayMs(): number {
    if (this.availability === 'up') return this.settings.idleProbeMs;
    if (this.first.over !== undefined) return MIN_PROBE_GAP_MS;
    const { probeIntervalMs } = this.settings;
    const elapsedMs = this.clock.nowMs() - this.changedMs;
    const intervalMs = Math.max(probeIntervalMs, Math.min(elapsedMs / 20, MAX_PROBE_INTERVAL_MS));
    return intervalMs * (0.75 + Math.random() / 2);
  }
}
