import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CacheTotals } from '../../metrics/index.js';
import { RequestLatency } from './request-latency.js';

/** Totals at one time; the difference of two samples is a rate. */
export interface StatusSample {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly memoryHits: number;
  readonly redisHits: number;
  readonly misses: number;
  readonly requests: number;
  readonly p99Ms: number;
}

const INTERVAL_MS = 3_000;
/** Samples of a quarter of an hour. */
const MAX_SAMPLES = 300;

/** Samples of the last quarter of an hour, so that the dashboard shows a history when it is opened. */
@Injectable()
export class StatusHistory implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly samples: StatusSample[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly cacheTotals: CacheTotals,
    private readonly latency: RequestLatency,
  ) {}

  onApplicationBootstrap(): void {
    this.samples.push(this.sample());
    this.timer = setInterval(() => {
      this.samples.push(this.sample());
      if (this.samples.length > MAX_SAMPLES) this.samples.shift();
    }, INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Oldest first; the last one is current. */
  read(): readonly StatusSample[] {
    return [...this.samples, this.sample()];
  }

  private sample(): StatusSample {
    const sum = { memoryHits: 0, redisHits: 0, misses: 0 };
    for (const counts of this.cacheTotals.byCache().values()) {
      sum.memoryHits += counts.memoryHits;
      sum.redisHits += counts.redisHits;
      sum.misses += counts.misses;
    }
    return { atMs: Date.now(), ...sum, requests: this.latency.requests, p99Ms: this.latency.summary().p99Ms };
  }
}
