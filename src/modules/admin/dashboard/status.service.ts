import { Inject, Injectable } from '@nestjs/common';
import { type LifecyclePhase, RequestDrain } from '../../../common/http/hooks/request-drain.js';
import { unhandledErrors } from '../../../common/unhandled-errors.js';
import { CACHE, type Cache, type CacheStats } from '../../cache/index.js';
import { DatabaseConnection, type DatabaseHealth } from '../../database/index.js';
import { DocumentIndexer, type IndexProgress } from '../../documents/index.js';
import { UsageTotals, type ModelTotals, ModelCatalog } from '../../embedding/index.js';
import { type CacheCounts, CacheTotals, hitRatio } from '../../metrics/index.js';
import { type RedisStatus, RedisStatusService } from '../../redis/index.js';
import type { LatencySummary } from './latency-window.js';
import { RequestLatency } from './request-latency.js';
import { StatusHistory, type StatusSample } from './status-history.js';

/** The cache as a whole and by namespace. */
export interface CacheReport extends CacheStats {
  readonly name: string;
  readonly caches: readonly (CacheCounts & { readonly name: string; readonly hitRatio: number })[];
}

/** All data of the dashboard, about this instance. */
export interface ServiceStatus {
  readonly phase: LifecyclePhase;
  readonly uptimeSeconds: number;
  readonly nodeVersion: string;
  readonly memoryRssBytes: number;
  readonly requestsInFlight: number;
  readonly unhandledErrors: number;
  readonly latency: LatencySummary;
  readonly cache: CacheReport;
  readonly redis: RedisStatus | null;
  readonly database: DatabaseHealth;
  readonly search: IndexProgress;
  readonly embeddings: {
    readonly defaultModel: string;
    readonly models: readonly ({ readonly model: string } & ModelTotals)[];
  };
  readonly history: readonly StatusSample[];
}

/** Collects the known states of the parts of this instance. It sends no command and no request. */
@Injectable()
export class StatusService {
  constructor(
    @Inject(CACHE) private readonly root: Cache,
    private readonly cacheTotals: CacheTotals,
    private readonly redis: RedisStatusService,
    private readonly database: DatabaseConnection,
    private readonly usageTotals: UsageTotals,
    private readonly indexer: DocumentIndexer,
    private readonly catalog: ModelCatalog,
    private readonly requests: RequestDrain,
    private readonly latency: RequestLatency,
    private readonly history: StatusHistory,
  ) {}

  read(): ServiceStatus {
    return {
      phase: this.requests.phase,
      uptimeSeconds: Math.round(process.uptime()),
      nodeVersion: process.version,
      memoryRssBytes: process.memoryUsage.rss(),
      requestsInFlight: this.requests.requestsInFlight,
      unhandledErrors: unhandledErrors.count,
      latency: this.latency.summary(),
      cache: this.cache(),
      redis: this.redis.status(),
      database: this.database.health(),
      search: this.indexer.progress(),
      embeddings: {
        defaultModel: this.catalog.defaultModel,
        models: [...this.usageTotals.byModel()].map(([model, totals]) => ({ model, ...totals })),
      },
      history: this.history.read(),
    };
  }

  cache(): CacheReport {
    const caches = [...this.cacheTotals.byCache()].map(([name, counts]) => ({
      name,
      ...counts,
      hitRatio: hitRatio(counts),
    }));
    return { name: this.root.name, ...this.root.stats(), caches };
  }
}
