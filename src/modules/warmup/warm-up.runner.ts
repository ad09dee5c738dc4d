import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { REDIS_POOL, type RedisPool } from '../redis/index.js';
import type { WarmUpConfig } from './warm-up.config.js';
import { LoggedProgress } from './logged-progress.js';
import { WarmUpRegistry } from './warm-up.registry.js';
import type { WarmUpSource } from './warm-up.source.js';
import { WARM_UP_SETTINGS } from './warm-up.tokens.js';

/** How long the warm-up waits for Redis, ms. A value loaded without Redis would stay on this instance. */
const REDIS_WAIT_MS = 5_000;

/** State of the warm-up. */
export type WarmUpState = 'pending' | 'running' | 'done';

/** Runs the sources in the background, once. No failure stops the application. */
@Injectable()
export class WarmUpRunner {
  private readonly logger = new Logger('WarmUp');
  private readonly stopping = new AbortController();
  private run: Promise<void> = Promise.resolve();
  private current: WarmUpState = 'pending';

  /** @internal */
  constructor(
    private readonly registry: WarmUpRegistry,
    @Inject(WARM_UP_SETTINGS) private readonly config: WarmUpConfig,
    @Optional() @Inject(REDIS_POOL) private readonly pool: RedisPool | null | undefined,
  ) {}

  get state(): WarmUpState {
    return this.current;
  }

  /** Whether the application is ready: always, unless `WARM_UP_BLOCKS_READINESS` is set and the warm-up still runs. */
  get isReady(): boolean {
    return !this.config.isReadinessBlocked || this.current === 'done';
  }

  start(): void {
    const groups = this.config.isEnabled ? this.registry.take() : [];
    this.current = 'running';
    this.run = this.runAll(groups).finally(() => {
      this.current = 'done';
    });
  }

  /** Resolves when the warm-up has ended. */
  whenDone(): Promise<void> {
    return this.run;
  }

  /** Starts no more calls and waits for the running ones. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.run;
  }

  private async runAll(groups: readonly WarmUpSource[][]): Promise<void> {
    if (groups.length > 0) await this.redisOrStop();
    for (const group of groups) await Promise.all(group.map((source) => this.runOne(source)));
  }

  private async redisOrStop(): Promise<void> {
    const stopped = new Promise((resolve) => this.stopping.signal.addEventListener('abort', resolve));
    await Promise.race([this.pool?.monitor.waitUntilUp(REDIS_WAIT_MS), stopped]);
  }

  private async runOne(source: WarmUpSource): Promise<void> {
    const { signal } = this.stopping;
    if (signal.aborted) return;
    const progress = new LoggedProgress(source.name, this.logger);
    try {
      await source.run(progress, signal);
      progress.end(signal.aborted);
    } catch (error) {
      progress.broken(error);
    }
  }
}
