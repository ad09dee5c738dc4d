import { Controller, Get, Header, Inject, Req, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import type { FastifyRequest } from 'fastify';
import { AdminGuard } from '../../common/http/guards/admin.guard.js';
import { OperatorAccess } from '../../common/http/guards/operator-access.js';
import { type LifecyclePhase, RequestDrain } from '../../common/http/hooks/request-drain.js';
import { WarmUpRunner } from '../warmup/index.js';
import { CacheIndicator } from './cache.indicator.js';
import { DatabaseIndicator } from './database.indicator.js';
import { type HealthConfig, healthConfig } from './health.config.js';
import { RedisIndicator } from './redis.indicator.js';
import { SearchIndexIndicator } from './search-index.indicator.js';

/** The answer of a probe. Callers without the operators' token get the status alone. */
interface ProbeAnswer {
  readonly status: 'ok' | 'degraded';
  readonly phase?: LifecyclePhase;
  /** What is degraded, and why. */
  readonly reasons?: readonly string[];
}

/**
 * Probes for platforms. None of them waits for Redis or the database; they read what is known of them. Every caller learns
 * whether the service is ok; what is wrong with which part is for operators.
 */
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
    private readonly access: OperatorAccess,
    private readonly operators: AdminGuard,
    @Inject(healthConfig.KEY) private readonly config: HealthConfig,
  ) {}

  @Get('live')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Is the process alive? It depends on nothing else: restart the process when this fails' })
  live(@Req() request: FastifyRequest): ProbeAnswer {
    return this.answer(request, []);
  }

  @Get('startup')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Has the service started? 503 until it listens' })
  startup(@Req() request: FastifyRequest): ProbeAnswer {
    if (this.requests.phase === 'starting') throw new ServiceUnavailableException('The service is starting.');
    return this.answer(request, []);
  }

  @Get('ready')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary:
      'Should it get traffic? 503 while starting or draining, and until a configured database was reached once; later it goes on without Redis or database, unless HEALTH_REDIS_REQUIRED or HEALTH_DATABASE_REQUIRED',
  })
  ready(@Req() request: FastifyRequest): ProbeAnswer {
    const { phase } = this.requests;
    if (phase !== 'serving') throw this.unready(request, `The service is ${phase}.`);
    if (!this.warmUp.isReady) throw this.unready(request, 'The cache is being warmed up.');
    return this.answer(request, [...this.unreadyDatabase(request), ...this.unreadyRedis(request)]);
  }

  @Get()
  @HealthCheck()
  @ApiOperation({
    summary:
      'ok, or degraded while a part is replaced by memory, with 200; with the token of operators the state of every part',
  })
  async details(@Req() request: FastifyRequest): Promise<HealthCheckResult | ProbeAnswer> {
    const result = await this.checks.check([
      () => this.redis.check(),
      () => this.cache.check(),
      () => this.database.check(),
      () => this.search.check(),
    ]);
    return this.isOperator(request) ? result : { status: result.status === 'ok' ? 'ok' : 'degraded' };
  }

  private answer(request: FastifyRequest, reasons: readonly string[]): ProbeAnswer {
    const status = reasons.length === 0 ? 'ok' : 'degraded';
    if (!this.isOperator(request)) return { status };
    return { status, phase: this.requests.phase, ...(reasons.length > 0 && { reasons }) };
  }

  private isOperator(request: FastifyRequest): boolean {
    return this.access.isOpen(request, { ...this.operators.door, name: 'health' });
  }

  private unready(request: FastifyRequest, reason: string): ServiceUnavailableException {
    return new ServiceUnavailableException(this.isOperator(request) ? reason : 'The service is not ready.');
  }

  private unreadyRedis(request: FastifyRequest): string[] {
    if (this.redis.isWell) return [];
    if (this.config.isRedisRequired) throw this.unready(request, 'Redis is not available.');
    return ['Redis is not available.'];
  }

  private unreadyDatabase(request: FastifyRequest): string[] {
    const unreadiness = this.database.unreadiness();
    if (!unreadiness) return [];
    const sentence = `The database is not available: ${unreadiness.reason}.`;
    if (unreadiness.isFirst || this.config.isDatabaseRequired) throw this.unready(request, sentence);
    return [sentence];
  }
}
