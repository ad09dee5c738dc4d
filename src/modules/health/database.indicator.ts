import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { DatabaseConnection } from '../database/index.js';

/** How old the knowledge of {@link DatabaseIndicator.unreadiness} may be, ms. */
const MAX_AGE_MS = 5_000;

/** Why the database can't serve. */
export interface DatabaseUnreadiness {
  readonly reason: string;
  /** It has not served since the start: a wrong URL or login, or migrations that run or failed. */
  readonly isFirst: boolean;
}

/** The database as its last use found it; an embedded one that was not used yet is not opened for this. */
@Injectable()
export class DatabaseIndicator {
  private askedAtMs = -Infinity;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly connection: DatabaseConnection,
  ) {}

  /** Asks the database. Lost is `degraded`: what needs no database goes on. */
  async check() {
    const health = await this.connection.probe();
    const indicator = this.indicators.check('database');
    return health.state === 'failed' ? indicator.degraded({ ...health }) : indicator.up({ ...health });
  }

  /** What is known without asking; asks in the background where that is old. `undefined` when it serves. */
  unreadiness(): DatabaseUnreadiness | undefined {
    this.refresh();
    const { kind, state, reason, wasReady } = this.connection.health();
    if (state === 'failed') return { reason: reason ?? 'it can not serve', isFirst: kind === 'postgres' && !wasReady };
    const isBeingOpened = kind === 'postgres' && (state === 'idle' || state === 'opening');
    return isBeingOpened ? { reason: 'it is being opened', isFirst: true } : undefined;
  }

  private refresh(): void {
    if (performance.now() - this.askedAtMs < MAX_AGE_MS) return;
    this.askedAtMs = performance.now();
    void this.connection.probe();
  }
}
