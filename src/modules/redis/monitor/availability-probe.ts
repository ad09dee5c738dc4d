import type { Redis } from 'ioredis';
import type { Clock } from '../../../common/clock.js';
import { connectNow, masterConnections } from '../clients/redis-client.js';
import type { RedisClient, RedisTopology } from '../redis.types.js';
import { classifyFailure, type FailureReason } from './failure.js';
import { combineServerIds, parseServerIds, type ServerIds } from './server-identity.js';
import { isRefused, ServerMarks } from './server-marks.js';

/** The result of one probe. */
export interface ProbeResult {
  /** `undefined` when reads work. */
  readonly readFailure: FailureReason | undefined;
  /** `undefined` when writes work. */
  readonly writeFailure: FailureReason | undefined;
  /**
   * Latency of a read: the median of the answered ones. In a Cluster some reads wait for a failover or follow a moved slot,
   * which says nothing about the connection to the other nodes.
   */
  readonly latencyMs: number;
  /** `undefined` when the server was not asked, or when a server of a Cluster could not be asked. */
  readonly ids: ServerIds | undefined;
}

/** The outcome of one command of a probe. */
interface CommandOutcome {
  /** `undefined` for an answered command. */
  readonly failure: FailureReason | undefined;
  readonly latencyMs: number;
}

/** The part of a probe that the monitor uses. */
export type Probe = Pick<AvailabilityProbe, keyof AvailabilityProbe>;

/** Enough keys to reach every master of a Cluster of usual size. Without a Cluster one key is used. */
const CLUSTER_KEYS = 12;
/** Ttl of the probe's keys. */
const KEY_TTL_MS = 60_000;

/**
 * Reads and writes its own key on its own connection, and asks the server for its identity. Only a write shows whether
 * writes work: with NOREPLICAS, READONLY or OOM a PING and a GET succeed while a DEL or SET fails.
 */
export class AvailabilityProbe {
  private readonly keys: readonly string[];
  private readonly marks = new ServerMarks();
  private connectionFailure: FailureReason | undefined;

  /**
   * @param client must fail at once while it is not connected, and reconnect by itself.
   * @param keyPrefix the keys are `{prefix}:probe`, in a Cluster `{prefix:n}:probe`, so that an ACL can allow them.
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

  /** Makes the connection connect now if it waits for its next attempt. */
  connect(): void {
    connectNow(this.client);
  }

  /** Calls back when the connection is ready, also after a reconnect. */
  onReady(listener: () => void): void {
    this.client.on('ready', listener);
  }

  /** Never rejects. With `shouldIdentify` it also asks the server for its identity. */
  async run(shouldIdentify: boolean): Promise<ProbeResult> {
    // INFO goes before the writes: a write answered with READONLY makes ioredis replace the connection (the server may be a
    // demoted master), and commands after it fail.
    const [reads, ids, writes] = await Promise.all([
      Promise.all(this.keys.map((key) => this.outcome(this.client.get(key)))),
      shouldIdentify ? this.identify() : undefined,
      Promise.all(this.keys.map((key) => this.outcome(this.client.set(key, '1', 'PX', KEY_TTL_MS)))),
    ]);
    const readFailure = summarise(reads);
    return {
      readFailure,
      writeFailure: summarise(writes),
      latencyMs: medianLatencyMs(reads),
      ids: readFailure ? undefined : ids,
    };
  }

  close(): void {
    this.client.disconnect();
  }

  private async outcome(reply: Promise<unknown>): Promise<CommandOutcome> {
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
      return combineServerIds(await Promise.all(masterConnections(this.client).map((redis) => this.askServer(redis))));
    } catch {
      return undefined;
    }
  }

  /** @throws when the server does not answer. One that forbids INFO is recognised by a script that it was given. */
  private async askServer(redis: Redis): Promise<ServerIds> {
    try {
      const sections = await Promise.all([redis.info('server'), redis.info('replication')]);
      return parseServerIds(sections.join('\n'));
    } catch (error) {
      if (!isRefused(error)) throw error;
      return this.marks.identify(redis);
    }
  }
}

/** A Cluster that has lost some slots is still usable: it fails only when most keys fail. */
function summarise(outcomes: readonly CommandOutcome[]): FailureReason | undefined {
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  return failures.length * 2 > outcomes.length ? failures[0] : undefined;
}

/** Median latency of the answered reads; 0 without one, when it is not used. */
function medianLatencyMs(reads: readonly CommandOutcome[]): number {
  const answered = reads.filter(({ failure }) => failure === undefined).map(({ latencyMs }) => latencyMs);
  return answered.toSorted((a, b) => a - b)[Math.floor(answered.length / 2)] ?? 0;
}
