import { mkdirSync } from 'node:fs';
import { DatabaseUnavailableError } from '../../database.errors.js';
import type { Database } from '../../database.js';
import type { DatabaseConfig } from '../../database.config.js';
import { ConnectionPool } from '../connection-pool.js';
import type { DatabaseDriver, DatabaseGate, DatabasePoolStats, SqlSession } from '../database-driver.js';
import { runMigrations } from '../migration-session.js';
import { pingThrough } from '../ping.js';
import { drizzleOver } from '../pooled-session.js';
import { DirectoryLock } from './directory-lock.js';
import { DiskReserve } from './disk-reserve.js';
import { EmbeddedEngine } from './embedded-engine.js';
import { EngineStream } from './engine-stream.js';
import { closeToOthers } from './file-modes.js';

/** How often a database that ran out of space looks for more, ms. */
const SPACE_CHECK_MS = 5_000;

type EmbeddedConfig = Pick<DatabaseConfig, 'dir' | 'connectTimeoutMs' | 'statementTimeoutMs'>;

/**
 * PGlite: PostgreSQL compiled to WebAssembly, with one connection, in a thread of this process. Its first start takes
 * seconds and hundreds of megabytes, so the thread is started with the first statement.
 *
 * It is reached as a server is, by node-postgres through a pool of one, so that both kinds of database treat broken
 * connections, transactions and time-outs alike. A statement that is not ended in time ends the thread; the next attempt
 * to open the database starts another. After the disk ran full it serves reads until there is space again.
 */
export class EmbeddedDriver implements DatabaseDriver {
  readonly kind = 'embedded';
  private readonly pool: ConnectionPool;
  private engine: EmbeddedEngine | undefined;
  private lock: DirectoryLock | undefined;
  private spaceCheck: NodeJS.Timeout | undefined;
  private gate: DatabaseGate | undefined;
  private isClosed = false;

  /** @param config `dir` is the data directory, or `memory://` to keep nothing. */
  constructor(private readonly config: EmbeddedConfig) {
    const { connectTimeoutMs, statementTimeoutMs } = config;
    this.pool = new ConnectionPool({
      client: { stream: () => this.connect(), user: 'postgres', database: 'postgres', ssl: false },
      size: 1,
      connectTimeoutMs,
      statementTimeoutMs,
      answerTimeoutMs: connectTimeoutMs,
      cancel: async () => this.engine?.terminate(),
    });
  }

  database(gate: DatabaseGate): Database {
    this.gate = gate;
    return drizzleOver(this.pool, gate);
  }

  async migrate(migrate: (session: SqlSession) => Promise<void>): Promise<void> {
    await this.start();
    await this.assertAnswering();
    await runMigrations(this.pool, migrate);
  }

  ping(): Promise<void> {
    return pingThrough(this.pool, this.config.connectTimeoutMs);
  }

  stats(): DatabasePoolStats {
    return this.pool.stats();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.spaceCheck);
    await this.pool.close(this.config.connectTimeoutMs);
    await this.engine?.close();
    this.lock?.release();
    this.lock = undefined;
  }

  /** node-postgres does not expect an error here: without an engine the connection is broken from the start. */
  private connect(): EngineStream {
    return this.engine?.connect() ?? new EngineStream(() => undefined).destroy();
  }

  /** An engine that was lost and still does not answer runs a statement without end: the next attempt starts another. */
  private async assertAnswering(): Promise<void> {
    try {
      await this.ping();
    } catch (error) {
      await this.engine?.terminate();
      throw error;
    }
  }

  private async start(): Promise<void> {
    if (this.engine) return;
    const { dir } = this.config;
    if (dir.startsWith('memory://')) {
      await this.startEngine(false);
      return;
    }
    this.lock ??= DirectoryLock.acquire(dir);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const reserve = new DiskReserve(dir);
    const isReadOnly = !reserve.hold();
    if (isReadOnly) reserve.spend();
    const engine = await this.startEngine(isReadOnly);
    closeToOthers(dir);
    if (isReadOnly) this.waitForSpace(engine, reserve);
  }

  private async startEngine(isReadOnly: boolean): Promise<EmbeddedEngine> {
    if (this.isClosed) throw new DatabaseUnavailableError('closed');
    const engine = new EmbeddedEngine({ dir: this.config.dir, isReadOnly }, () => {
      this.engine = undefined;
      clearInterval(this.spaceCheck);
      this.gate?.suspect();
    });
    this.engine = engine;
    await engine.started();
    return engine;
  }

  private waitForSpace(engine: EmbeddedEngine, reserve: DiskReserve): void {
    this.spaceCheck = setInterval(() => {
      if (!reserve.hold()) return;
      clearInterval(this.spaceCheck);
      engine.setReadOnly(false);
    }, SPACE_CHECK_MS);
    this.spaceCheck.unref();
  }
}
