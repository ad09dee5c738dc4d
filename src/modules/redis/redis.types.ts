import type { Cluster, Redis, RedisOptions } from 'ioredis';

/** A client as the rest of Larder sees it: ioredis on one server, behind Sentinel, or a Cluster. */
export type RedisClient = Redis | Cluster;

/**
 * What `createCache({ redis })` accepts: a URL, ioredis options (with `sentinels` and `name`: Sentinel), the nodes of a
 * Cluster, or an instance, which is used, never closed.
 */
export type RedisSource = string | RedisOptions | ClusterSource | RedisClient;

/** A Cluster by its nodes; any few that are up are enough to find the others. */
export interface ClusterSource {
  readonly cluster: readonly NodeAddress[];
  /** Credentials and TLS, for every node. */
  readonly options?: RedisOptions;
}

/** Where one server listens. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** How Redis is laid out. Keys are partitioned by hash tag only in a Cluster. */
export type RedisTopology = 'standalone' | 'sentinel' | 'cluster';

/** Commands that must not wait behind large ones go the `fast` lane; batches and large values go `bulk`. */
export type RedisLane = 'fast' | 'bulk';

/**
 * The connections to one Redis: a few data clients per lane, a subscriber of its own, and the one judgement of whether
 * Redis is well. Nothing here waits for Redis to start, and no connection error is unhandled.
 */
export interface RedisPool {
  readonly topology: RedisTopology;
  readonly monitor: AvailabilityMonitor;
  /** The client with the fewest commands in flight on the lane. Never queues offline: fails at once when not connected. */
  client(lane?: RedisLane): RedisClient;
  /** A new connection for subscriptions, named `<name>:sub`, resubscribing by itself, retrying for ever; the pool closes it. */
  subscriber(): RedisClient;
  /** Figures for health and metrics. */
  stats(): RedisPoolStats;
  /** Closes what it opened: waits for commands in flight for at most a second. */
  close(): Promise<void>;
}

/** Live figures of a pool. */
export interface RedisPoolStats {
  readonly topology: RedisTopology;
  readonly clients: readonly {
    readonly name: string;
    readonly lane: RedisLane | 'subscriber';
    readonly status: string;
    readonly pending: number;
  }[];
  /** Commands the pool's own connections sent since start; those of a given instance are not counted. */
  readonly commandsSent: number;
  /** The same by lower-case command name. */
  readonly commandsByName: Readonly<Record<string, number>>;
}

/** `up`: reads and writes work; `degraded`: only reads do; `down`: neither. */
export type Availability = 'up' | 'degraded' | 'down';

/** Why Redis is judged as it is: an error's first word, or what happened on the wire. */
export type AvailabilityReason =
  | 'connecting'
  | 'ok'
  | 'refused'
  | 'timeout'
  | 'closed'
  | 'READONLY'
  | 'OOM'
  | 'NOREPLICAS'
  | 'MISCONF'
  | 'LOADING'
  | 'MASTERDOWN'
  | 'CLUSTERDOWN'
  | 'BUSY'
  | 'WRONGPASS'
  | 'NOAUTH'
  | 'NOPERM'
  | 'QUOTA'
  | 'tls'
  | 'recovery'
  | 'error';

/** Is the failure about reading or about writing? They are judged apart: with NOREPLICAS a GET works while a DEL fails. */
export type CommandKind = 'read' | 'write';

/** A change of judgement. `from` is `to` when the state stays and another reason was found; each is told once. */
export interface AvailabilityChange {
  readonly from: Availability;
  readonly to: Availability;
  readonly reason: AvailabilityReason;
}

/** What a recovery step is told about the server that answers again. */
export interface ServerIdentity {
  /** Changes when the server restarts; `undefined` where INFO is not permitted. */
  readonly runId: string | undefined;
  /** Changes when another server became master. */
  readonly replicationId: string | undefined;
  /** Whether either differs from what was known before, or can't be known: data may have been rolled back. */
  readonly mayHaveLostWrites: boolean;
  /** Whether writes work. Where they don't, Redis may be trusted for reads again: state `degraded`. */
  readonly isWritable: boolean;
}

/** The one judgement of whether Redis is well, fed by command outcomes and by a probe that writes. */
export interface AvailabilityMonitor {
  readonly state: Availability;
  readonly reason: AvailabilityReason;
  /** The Clock's monotonic reading, ms, when the state became what it is. */
  readonly sinceMs: number;
  /** Whether a read may be tried now. One boolean, cheap enough for every request. */
  canRead(): boolean;
  canWrite(): boolean;
  /** How long a caller should wait for a read before it loads; follows the measured latency between a floor and a cap. */
  readBudgetMs(): number;
  recordSuccess(kind: CommandKind, latencyMs: number): void;
  recordFailure(kind: CommandKind, error: unknown): void;
  onChange(listener: (change: AvailabilityChange) => void): () => void;
  /**
   * Runs before Redis is trusted again after an outage or a change of server, in the order added: outbox, then log.
   * While a step rejects, the state stays as it is and the steps are tried again with back-off.
   */
  addRecoveryStep(step: (server: ServerIdentity) => Promise<void>): () => void;
  /** Resolves when the state is `up`, or after `timeoutMs` with what it is then. */
  waitUntilUp(timeoutMs: number): Promise<Availability>;
}
