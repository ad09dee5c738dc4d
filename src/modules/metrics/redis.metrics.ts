import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { REDIS_POOL, type Availability, type RedisPool } from '../redis/index.js';
import { METRIC } from './metric-names.js';

const STATES: readonly Availability[] = ['up', 'degraded', 'down'];

/** How Redis is, and what the pool does; nothing where there is no Redis. */
@Injectable()
export class RedisMetrics implements OnApplicationShutdown {
  private readonly unsubscribe: () => void = () => {};

  constructor(registry: Registry, @Inject(REDIS_POOL) pool: RedisPool | null) {
    if (pool === null) return;
    const registers = [registry];
    new Gauge({
      name: METRIC.redisState,
      help: '1 for the state Redis is in: up, degraded (reads only) or down.',
      labelNames: ['state'],
      registers,
      collect() {
        for (const state of STATES) this.set({ state }, Number(pool.monitor.state === state));
      },
    });
    const transitions = new Counter({ name: METRIC.redisTransitions, help: 'Changes of state.', labelNames: ['to', 'reason'], registers });
    this.unsubscribe = pool.monitor.onChange(({ to, reason }) => transitions.inc({ to, reason }));
    new Gauge({
      name: METRIC.redisConnections,
      help: 'Connections by lane and status.',
      labelNames: ['lane', 'status'],
      registers,
      collect() {
        this.reset();
        for (const { lane, status } of pool.stats().clients) this.inc({ lane, status });
      },
    });
    new Gauge({
      name: METRIC.redisPending,
      help: 'Commands sent and not answered.',
      labelNames: ['lane'],
      registers,
      collect() {
        this.reset();
        for (const { lane, pending } of pool.stats().clients) this.inc({ lane }, pending);
      },
    });
    new Counter({
      name: METRIC.redisCommands,
      help: 'Commands sent.',
      labelNames: ['command'],
      registers,
      collect() {
        this.reset();
        for (const [command, count] of Object.entries(pool.stats().commandsByName)) this.inc({ command }, count);
      },
    });
  }

  onApplicationShutdown(): void {
    this.unsubscribe();
  }
}
