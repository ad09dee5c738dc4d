import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { type Availability, REDIS_POOL, type RedisPool, type RedisUsage, UsageWatcher } from '../redis/index.js';
import { METRIC } from './metric-names.js';

const STATES: readonly Availability[] = ['up', 'degraded', 'down'];

/** Metrics of Redis and of its pool; none without Redis. */
@Injectable()
export class RedisMetrics implements OnApplicationShutdown {
  private readonly unsubscribe: () => void = () => {};

  constructor(registry: Registry, @Inject(REDIS_POOL) pool: RedisPool | null, watcher: UsageWatcher) {
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
    const transitions = new Counter({
      name: METRIC.redisTransitions,
      help: 'Changes of the state, and of its reason.',
      labelNames: ['to', 'reason'],
      registers,
    });
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
      help: 'Commands waiting for a reply.',
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
    const usage = (name: string, help: string, read: (usage: RedisUsage) => number | undefined) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          const value = watcher.usage && read(watcher.usage);
          if (value === undefined) this.remove();
          else this.set(value);
        },
      });
    usage(METRIC.redisMemoryBytes, 'Memory Redis uses.', ({ usedBytes }) => usedBytes);
    usage(METRIC.redisMemoryMaxBytes, 'Memory Redis may use; absent without a limit.', ({ maxBytes }) => maxBytes);
    usage(METRIC.redisEvictedKeys, 'Keys Redis evicted since it started.', ({ evictedKeys }) => evictedKeys);
    usage(METRIC.redisKeys, 'Keys in Redis.', ({ keys }) => keys);
    new Gauge({
      name: METRIC.redisWarnings,
      help: 'Warnings about Redis; /health has their messages.',
      labelNames: ['code', 'severity'],
      registers,
      collect() {
        this.reset();
        for (const { code, severity } of watcher.warnings) this.inc({ code, severity });
      },
    });
  }

  onApplicationShutdown(): void {
    this.unsubscribe();
  }
}
