import { createHash, randomBytes } from 'node:crypto';
import { PostgresServer } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { ServiceProcess } from '../support/service-process.js';
import { EmbeddingOrigin } from './embedding-origin.js';
import type { LoadTestOptions, PhaseName } from './options.js';

const INSTANCES = 2;

/** Credentials of the instances. New ones for each load test: they are never written anywhere. */
export interface FleetKeys {
  readonly embedding: string;
  readonly session: string;
  readonly documents: string;
  readonly metrics: string;
}

/** PostgreSQL with its documents, and the embedding API: the same for every phase. */
export class Origins {
  private constructor(
    readonly postgres: PostgresServer,
    readonly databaseUrl: string,
    readonly embedding: EmbeddingOrigin,
  ) {}

  static async start({ documents, originMs }: LoadTestOptions): Promise<Origins> {
    const postgres = await PostgresServer.start();
    const databaseUrl = await postgres.createDatabase();
    const origins = new Origins(postgres, databaseUrl, await EmbeddingOrigin.start(originMs));
    // An instance makes the tables.
    const fleet = await Fleet.start('off', origins);
    await fleet.stop();
    await origins.fill(documents);
    return origins;
  }

  /** Transactions of the database so far. PostgreSQL itself counts them. */
  async transactions(): Promise<number> {
    const [row] = await this.postgres.query<{ count: string }>(
      'select xact_commit as count from pg_stat_database where datname = current_database()',
      [],
      this.databaseUrl,
    );
    return Number(row!.count);
  }

  async stop(): Promise<void> {
    this.embedding.stop();
    await this.postgres.stop();
  }

  private async fill(documents: number): Promise<void> {
    await this.postgres.query(
      `insert into documents (title, body, author, topic, labels, created_at)
       select 'Title ' || i, repeat('word ', 50 + i % 200), 'author ' || (i * 7919) % 500, 'topic ' || (i * 31) % 40,
              array['label ' || i % 10], now() - (i % 1000) * interval '1 day'
       from generate_series(1, $1::int) as i`,
      [documents],
      this.databaseUrl,
    );
    await this.postgres.query('analyze documents', [], this.databaseUrl);
  }
}

/** Two instances of the built service in processes of their own, and the Redis of their phase. */
export class Fleet {
  private constructor(
    private readonly processes: readonly ServiceProcess[],
    readonly origins: readonly string[],
    readonly redis: RedisServer | undefined,
    readonly keys: FleetKeys,
  ) {}

  static async start(phase: PhaseName, { databaseUrl, embedding }: Origins): Promise<Fleet> {
    const redis = phase === 'off' ? undefined : await RedisServer.start();
    const keys = { embedding: newKey(), session: newKey(), documents: newKey(), metrics: newKey() };
    const hasMemory = phase === 'both' || phase === 'outage';
    const env = {
      LOG_LEVEL: 'warn',
      LOG_REQUESTS: 'none',
      DATABASE_URL: databaseUrl,
      DOCUMENTS_INDEXING: 'false',
      OPENAI_API_KEY: embedding.key,
      OPENAI_BASE_URL: embedding.url,
      EMBEDDING_DEFAULT_MODEL: 'text-embedding-3-small',
      EMBEDDING_API_KEYS: `loadtest=${sha256(keys.embedding)}`,
      SESSION_API_KEYS: sha256(keys.session),
      DOCUMENTS_TOKEN: keys.documents,
      METRICS_TOKEN: keys.metrics,
      ...(redis && { REDIS_URL: redis.url }),
      ...(!hasMemory && { CACHE_MEMORY_MAX_BYTES: '0', SESSION_MEMORY: '0' }),
    };
    const processes = Array.from({ length: INSTANCES }, () => ServiceProcess.spawn(env));
    const urls = await Promise.all(processes.map((process) => process.url()));
    return new Fleet(
      processes,
      urls.map((url) => new URL(url).origin),
      redis,
      keys,
    );
  }

  async stop(): Promise<void> {
    for (const process of this.processes) process.kill('SIGTERM');
    await Promise.all(this.processes.map(({ exited }) => exited));
    await this.redis?.stop();
  }
}

const newKey = (): string => randomBytes(24).toString('hex');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
