import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { DatabaseConnection } from '../database/index.js';

/** The database as its last use found it; one nobody has used yet is not opened for this. Lost is `degraded`: embeddings go on. */
@Injectable()
export class DatabaseIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly connection: DatabaseConnection,
  ) {}

  async check() {
    const health = await this.connection.probe();
    const indicator = this.indicators.check('database');
    return health.state === 'failed' ? indicator.degraded({ ...health }) : indicator.up({ ...health });
  }
}
