import type { Redis } from 'ioredis';
import type { Clock } from '../../../common/clock.js';
import { connectNow, masterConnections } from '../clients/redis-client.js';
import type { RedisClient, RedisTopology } from '../redis.types.js';
import { classifyFailure, type FailureReason } from './failure.js';
import { combineServerIds, parseServerIds, type ServerIds, UNKNOWN_SERVER } from './server-identity.js';

/** What one probe found. */
export interface ProbeResult {
  /** `undefined` when reads work. */
  readonly readFailure: FailureReason | undefined;
  /** `undefined` when writes work. */
  readonly writeFailure: FailureReason | undefined;
  /**
   * How long an answer to a read takes: the median of those that came. In a Cluster some wait for a failover or follow the
   * slots, which says nothing about the way to the others.
   */
  readonly latencyMs: number;
  /** `undefined` when the server was not asked, or one of a Cluster's could not be. */
  readonly ids: ServerIds | undefined;
}

/** How one command of a probe went. */
interface Outcome {
  /** `undefined` when it was answered. */
  readonly failure: FailureReason | undefined;
  readonly latencyMs: number;
}

/** A probe as the monitor uses it. */
export type Probe = Pick<AvailabilityProbe, keyof AvailabilityProbe>;

/** Enough keys to reach every master of a Cluster of usual size; elsewhere one. */
const CLUSTER_KEYS = 12;
/** The probe's keys go away by themselves. */
const KEY_TTL_MS = 60_000;

/**
 * Reads and writes a key of its own, on a connection of its own, and asks the server who it is. Only a write tells
 * whether writes work: with NOREPLICAS, READONLY or OOM a PING and a GET succeed while a DEL or SET fails.
 */
export class AvailabilityProbe {
  private readonly keys: readonly string[];
  private connectionFailure: FailureReason | undefined;

  /**
   * @param client fails at once while it is not connected, and retries by itself.
   * @param keyPrefix its keys are `{prefix}:probe`, in a Cluster `{prefix:n}:probe`, so that an ACL can allow them.
   */
  constructor(
    private readonly client: RedisClient,
    private readonly clock: Clock,
    topology: RedisTopology,
    keyPrefix: string,
  ) {
    this.keys =
      topology === 'cluster'
        ? Array.from({ length: CLUSTER_KEYS }, (_, i) => `{${keyPrefix}:${i}}:probe`)
        : [`{${keyPrefix}}:probe`];
    client.on('error', (error: unknown) => (this.connectionFailure = classifyFailure(error)));
    client.on('ready', () => (this.connectionFailure = undefined));
  }

  /** Connects now, if it waits for its next try. */
  connect(): void {
    connectNow(this.client);
  }

  /** The connection is there (again): a good moment to probe. */
  onReady(listener: () => void): void {
    this.client.on('ready', listener);
  }

  /** Never rejects. With `shouldIdentify` the server is also asked who it is. */
  async run(shouldIdentify: boolean): Promise<ProbeResult> {
    const [reads, writes] = await Promise.all([
      Promise.all(this.keys.map((key) => this.outcome(this.client.get(key)))),
      Promise.all(this.keys.map((key) => this.outcome(this.client.set(key, '1', 'PX', KEY_TTL_MS)))),
    ]);
    const readFailure = judge(reads);
    return {
      readFailure,
      writeFailure: judge(writes),
      latencyMs: usualLatencyMs(reads),
      ids: shouldIdentify && !readFailure ? await this.identify() : undefined,
    };
  }

  close(): void {
    this.client.disconnect();
  }

  private async outcome(reply: Promise<unknown>): Promise<Outcome> {
    const startMs = this.clock.nowMs();
    const failure = await reply.then(
      () => undefined,
      (error: unknown) => this.reasonOf(error),
    );
    return { failure, latencyMs: this.clock.nowMs() - startMs };
  }

  private reasonOf(error: unknown): FailureReason {
    const reason = classifyFailure(error);
    return reason === 'closed' ? (this.connectionFailure ?? reason) : reason;
  }

  private async identify(): Promise<ServerIds | undefined> {
    try {
      return combineServerIds(await Promise.all(masterConnections(this.client).map(askServer)));
    } catch {
      return undefined;
    }
  }
}

/** @throws when the server does not answer; one that forbids INFO, or answers it with another error, has unknown ids. */
async function askServer(redis: Redis): Promise<ServerIds> {
  try {
    const sections = await Promise.all([redis.info('server'), redis.info('replication')]);
    return parseServerIds(sections.join('\n'));
  } catch (error) {
    const reason = classifyFailure(error);
    if (reason === 'NOPERM' || reason === 'error') return UNKNOWN_SERVER;
    throw error;
  }
}

/** A Cluster with some slots away is still worth asking: it fails when most keys do. */
function judge(outcomes: readonly Outcome[]): FailureReason | undefined {
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  return failures.length * 2 > outcomes.length ? failures[0] : undefined;
}

/** The median of what was answered; 0 when nothing was, and nobody asks then. */
function usualLatencyMs(reads: readonly Outcome[]): number {
  const answered = reads.filter(({ failure }) => failure === undefined).map(({ latencyMs }) => latencyMs);
  return answered.toSorted((a, b) => a - b)[Math.floor(answered.length / 2)] ?? 0;
}
