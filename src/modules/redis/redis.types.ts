import type { Cluster, Redis, RedisOptions } from 'ioredis';

/** A client of Redis: ioredis on one server, behind Sentinel, or a Cluster. */
export type RedisClient = Redis | Cluster;

/**
 * What `createCache({ redis })` accepts: a URL, ioredis options (with `sentinels` and `name`: Sentinel), the nodes of a
 * Cluster, or an instance, which is used and never closed.
 */
export type RedisSource = string | RedisOptions | ClusterSource | RedisClient;

/** A Cluster by some of its nodes. The nodes that are up are enough to find the others. */
export interface ClusterSource {
  readonly cluster: readonly NodeAddress[];
  /** Credentials and TLS, for every node. */
  readonly options?: RedisOptions;
}

/** Address of one server. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** Topology of Redis. Keys are partitioned by hash tag only in a Cluster. */
export type RedisTopology = 'standalone' | 'sentinel' | 'cluster';

/** Commands that must not wait behind large ones use the `fast` lane; batches and large values use `bulk`. */
export type RedisLane = 'fast' | 'bulk';

/**
 * The connections to one Redis: some data clients per lane, subscribers, and the monitor of its availability. No method
 * waits for Redis to start, and every connection error is handled.
 */
export interface RedisPool {
  readonly topology: RedisTopology;
  readonly monitor: AvailabilityMonitor;
  /**
   * The client with the fewest commands in flight on the lane. Never queues offline: fails at once when not connected.
   *
   * @param purpose `upkeep` for a command that no caller needs: it does not end the rest of the pool. Default `use`.
   */
  client(lane?: RedisLane, purpose?: 'use' | 'upkeep'): RedisClient;
  /**
   * How often a client was taken for use. While it does not change the pool is at rest: it sends no pings and no probes, unless
   * Redis is not up.
   */
  readonly uses: number;
  /** A new connection for subscriptions, named `<name>:sub`. It reconnects for ever and subscribes again by itself; the pool closes it. */
  subscriber(): RedisClient;
  /** Figures for health and metrics. */
  stats(): RedisPoolStats;
  /** Closes the connections it opened, after waiting at most a second for commands in flight. */
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

/** Reason of a state: the first word of an error, or the kind of a connection failure. */
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
  | 'database'
  | 'tls'
  | 'recovery'
  | 'error';

/** Reads and writes have separate states: with NOREPLICAS a GET works while a DEL fails. */
export type CommandKind = 'read' | 'write';

/** A change of availability. `from` equals `to` when only the reason changed; each reason is announced once. */
export interface AvailabilityChange {
  readonly from: Availability;
  readonly to: Availability;
  readonly reason: AvailabilityReason;
}

/** The server that answers again, for recovery steps. */
export interface ServerIdentity {
  /** Changes when the server restarts; `undefined` when neither INFO nor EVAL is permitted. */
  readonly runId: string | undefined;
  /** Changes when another server becomes master. */
  readonly replicationId: string | undefined;
  /** Whether one of the ids has changed or is unknown: data may have been rolled back. */
  readonly mayHaveLostWrites: boolean;
  /** Whether writes work. If not, Redis can be used for reads only: state `degraded`. */
  readonly isWritable: boolean;
}

/** The availability of one Redis, computed from outcomes of commands and from a probe that writes. */
export interface AvailabilityMonitor {
  readonly state: Availability;
  readonly reason: AvailabilityReason;
  /** When the state last changed, by the Clock's monotonic time, ms. */
  readonly sinceMs: number;
  /**
   * Resolves when the first attempt to connect is over: Redis is trusted, it can't be had, or the connect timeout has passed.
   * `undefined` from then on.
   */
  readonly firstAttempt: Promise<void> | undefined;
  /** Whether a read may be attempted now. It reads one boolean, so it is cheap enough for every request. */
  canRead(): boolean;
  canWrite(): boolean;
  /** How long a caller should wait for a read before it loads; follows the measured latency between a floor and a cap. */
  readBudgetMs(): number;
  /** How long an answer past the budget is waited for, by callers without a loader and beside a loader, ms. */
  lateReadMs(): number;
  recordSuccess(kind: CommandKind, latencyMs: number): void;
  recordFailure(kind: CommandKind, error: unknown): void;
  onChange(listener: (change: AvailabilityChange) => void): () => void;
  /** Notes a denial by the ACL of Redis, and nothing else; {@link recordFailure} does so too. */
  recordDenial(error: unknown): void;
  /** What the ACL of Redis has denied since the start, each error once, without keys and values. */
  readonly denied: readonly string[];
  /** The listener is called once for each different denial. */
  onDenied(listener: (denial: string) => void): () => void;
  /**
   * The steps run before Redis is used again after an outage or a change of server, in the order in which they were added:
   * outbox, then log. While a step rejects, the state stays and the steps are repeated with back-off.
   */
  addRecoveryStep(step: (server: ServerIdentity) => Promise<void>): () => void;
  /** Resolves when the state is `up`, or after `timeoutMs` with the state at that time. */
  waitUntilUp(timeoutMs: number): Promise<Availability>;
}
