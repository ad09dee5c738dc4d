import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { DocumentIndexer } from '../documents/index.js';

/** How many documents search finds. `degraded` while the indexer waits for the model or the database: search misses new texts. */
@Injectable()
export class SearchIndexIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly indexer: DocumentIndexer,
  ) {}

  check() {
    const indicator = this.indicators.check('search');
    const progress = this.indexer.progress();
    return progress.state === 'waiting' ? indicator.degraded({ ...progress }) : indicator.up({ ...progress });
  }
}
