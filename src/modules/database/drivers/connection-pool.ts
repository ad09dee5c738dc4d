import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DatabaseUnavailableError, describeDatabaseError } from '../database.errors.js';
import type { DatabaseGate, DatabasePoolStats } from './database-driver.js';
import { LeasedConnection, type StatementLimits } from './leased-connection.js';

/** A connection that rested longer is asked for a sign of life before it is given out, ms. */
const TRUSTED_IDLE_MS = 1_000;
/** How much of the time to get a connection one sign of life may take. */
const SIGN_OF_LIFE_SHARE = 1 / 3;

/** Settings of a {@link ConnectionPool}. Times in ms. */
export interface ConnectionPoolOptions extends StatementLimits {
  readonly client: pg.ClientConfig;
  readonly size: number;
  /** How long {@link ConnectionPool.acquire} waits at most, for a free connection or a new one. */
  readonly connectTimeoutMs: number;
}

/**
 * Connections, each given to one user at a time. A connection that rested, or whose last statement failed, is given out
 * only after a sign of life; one without it is destroyed, and another is tried for as long as there is time.
 *
 * node-postgres keeps the queue and makes the connections; {@link LeasedConnection} decides which come back.
 */
export class ConnectionPool {
  private readonly pool: pg.Pool;
  private readonly leases = new Set<LeasedConnection>();
  /** When a connection came back; of one whose state is uncertain, `-Infinity`. */
  private readonly restedSinceMs = new WeakMap<pg.PoolClient, number>();
  private gate: DatabaseGate | undefined;
  private isStarved = false;
  private isClosed = false;

  constructor(private readonly options: ConnectionPoolOptions) {
    this.pool = new pg.Pool({
      ...options.client,
      max: options.size,
      connectionTimeoutMillis: options.connectTimeoutMs,
    });
    // A connection that breaks must not end the process. Its user is told by the statement's promise.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Reports to `gate` from now on when a connection can't be made. */
  reportTo(gate: DatabaseGate): void {
    this.gate = gate;
  }

  /** @throws DatabaseUnavailableError when there is no connection in time. */
  async acquire(): Promise<LeasedConnection> {
    const deadlineMs = performance.now() + this.options.connectTimeoutMs;
    for (;;) {
      const client = await this.checkOut(deadlineMs);
      const lease = this.lease(client);
      const restedSinceMs = this.restedSinceMs.get(client);
      const isTrusted = restedSinceMs === undefined || performance.now() - restedSinceMs <= TRUSTED_IDLE_MS;
      if (isTrusted || (await lease.isAlive(this.options.connectTimeoutMs * SIGN_OF_LIFE_SHARE))) return lease;
      lease.destroy();
    }
  }

  stats(): DatabasePoolStats {
    const { totalCount: total, idleCount: idle, waitingCount: waiting } = this.pool;
    return { total, idle, waiting, isStarved: this.isStarved };
  }

  /** Waits up to `graceMs` for connections in use, then destroys them: their statements fail. */
  async close(graceMs: number): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const ended = this.pool.end();
    const stop = new AbortController();
    await Promise.race([ended, delay(graceMs, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
    for (const lease of this.leases) lease.destroy();
    // Only attempts to connect are left. They have a limit of their own.
  }

  private lease(client: pg.PoolClient): LeasedConnection {
    const lease = new LeasedConnection(client, this.options, {
      onRelease: (isVerified) => {
        this.leases.delete(lease);
        this.restedSinceMs.set(client, isVerified ? performance.now() : -Infinity);
      },
      // A slow statement looks the same from here; a round trip on another connection tells.
      onSilence: () => this.gate?.suspect(),
    });
    this.leases.add(lease);
    return lease;
  }

  private async checkOut(deadlineMs: number): Promise<pg.PoolClient> {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw this.timedOut();
    const connecting = this.pool.connect();
    const stop = new AbortController();
    try {
      const client = await Promise.race([
        connecting,
        delay(leftMs, undefined, { signal: stop.signal }).then(() => undefined),
      ]);
      if (client === undefined) throw this.timedOut();
      this.isStarved = false;
      return client;
    } catch (error) {
      // A connection that comes too late goes back unused.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
      if (error instanceof DatabaseUnavailableError) throw error;
      throw this.failed(error);
    } finally {
      stop.abort();
    }
  }

  private failed(error: unknown): DatabaseUnavailableError {
    if (this.isClosed) return new DatabaseUnavailableError('closed');
    if (isQueueTimeout(error)) return this.timedOut();
    const unavailable = new DatabaseUnavailableError(`no connection (${describeDatabaseError(error)})`, {
      cause: error,
    });
    this.gate?.suspect();
    return unavailable;
  }

  private timedOut(): DatabaseUnavailableError {
    const { connectTimeoutMs, size } = this.options;
    if (this.leases.size >= size) {
      this.isStarved = true;
      return new DatabaseUnavailableError(`all ${size} connections were in use for ${connectTimeoutMs} ms`);
    }
    const unavailable = new DatabaseUnavailableError(`no connection within ${connectTimeoutMs} ms`);
    this.gate?.suspect();
    return unavailable;
  }
}

/** node-postgres names it by its message only. */
function isQueueTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect';
}
