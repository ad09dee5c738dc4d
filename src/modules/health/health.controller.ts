import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { type LifecyclePhase, RequestDrain } from '../../common/http/hooks/request-drain.js';
import { WarmUpRunner } from '../warmup/index.js';
import { CacheIndicator } from './cache.indicator.js';
import { DatabaseIndicator } from './database.indicator.js';
import { type HealthConfig, healthConfig } from './health.config.js';
import { RedisIndicator } from './redis.indicator.js';
import { SearchIndexIndicator } from './search-index.indicator.js';

/** The answer of a probe. */
interface ProbeAnswer {
  readonly status: 'ok' | 'degraded';
  readonly phase: LifecyclePhase;
  /** What is degraded, and why. */
  readonly reasons?: readonly string[];
}

/** Probes for platforms. None of them waits for Redis or the database; they read what is known of them. */
@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly requests: RequestDrain,
    private readonly warmUp: WarmUpRunner,
    private readonly redis: RedisIndicator,
    private readonly cache: CacheIndicator,
    private readonly database: DatabaseIndicator,
    private readonly search: SearchIndexIndicator,
    @Inject(healthConfig.KEY) private readonly config: HealthConfig,
  ) {}

  @Get('live')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Is the process alive? It depends on nothing else: restart the process when this fails' })
  live(): ProbeAnswer {
    return { status: 'ok', phase: this.requests.phase };
  }

  @Get('startup')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Has the service started? 503 until it listens' })
  startup(): ProbeAnswer {
    if (this.requests.phase === 'starting') throw new ServiceUnavailableException('The service is starting.');
    return { status: 'ok', phase: this.requests.phase };
  }

  @Get('ready')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary:
      'Should it get traffic? 503 while starting or draining, and until a configured database was reached once; later it goes on without Redis or database, unless HEALTH_REDIS_REQUIRED or HEALTH_DATABASE_REQUIRED',
  })
  ready(): ProbeAnswer {
    const { phase } = this.requests;
    if (phase !== 'serving') throw new ServiceUnavailableException(`The service is ${phase}.`);
    if (!this.warmUp.isReady) throw new ServiceUnavailableException('The cache is being warmed up.');
    const reasons = [...this.unreadyDatabase(), ...this.unreadyRedis()];
    return reasons.length === 0 ? { status: 'ok', phase } : { status: 'degraded', phase, reasons };
  }

  @Get()
  @HealthCheck()
  @ApiOperation({ summary: 'State of every part: 200 with ok, or with degraded while a part is replaced by memory' })
  details(): Promise<HealthCheckResult> {
    return this.checks.check([
      () => this.redis.check(),
      () => this.cache.check(),
      () => this.database.check(),
      () => this.search.check(),
    ]);
  }

  private unreadyRedis(): string[] {
    if (this.redis.isWell) return [];
    if (this.config.isRedisRequired) throw new ServiceUnavailableException('Redis is not available.');
    return ['Redis is not available.'];
  }

  private unreadyDatabase(): string[] {
    const unreadiness = this.database.unreadiness();
    if (!unreadiness) return [];
    const sentence = `The database is not available: ${unreadiness.reason}.`;
    if (unreadiness.isFirst || this.config.isDatabaseRequired) throw new ServiceUnavailableException(sentence);
    return [sentence];
  }
}
