import { Controller, Get, Header, Inject } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { CacheIndicator, METRICS_REGISTRY, type MetricsRegistry, RedisIndicator } from 'larder/nest';

@Controller()
export class OperationsController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly cache: CacheIndicator,
    private readonly redis: RedisIndicator,
    @Inject(METRICS_REGISTRY) private readonly registry: MetricsRegistry,
  ) {}

  @Get('health')
  health(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.cache.check(), () => this.redis.check()]);
  }

  @Get('metrics')
  @Header('content-type', 'text/plain')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
