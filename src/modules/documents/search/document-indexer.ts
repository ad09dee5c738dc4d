import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type Clock, systemClock } from '../../../common/clock.js';
import { summarizeError } from '../../../common/logging/describe-error.js';
import { CACHE, type Cache } from '../../cache/index.js';
import { DatabaseConnection, describeDatabaseError } from '../../database/index.js';
import { EmbeddingError } from '../../embedding/index.js';
import { IndexQueueRepository, type QueuedDocument } from '../database/index-queue.repository.js';
import { NearestIndex } from '../database/nearest-index.js';
import {
  type IndexLease,
  LEASE_MS,
  LeaseLostError,
  type VectorSpace,
  VectorSpacesRepository,
} from '../database/vector-spaces.repository.js';
import { type DocumentsConfig, documentsConfig } from '../documents.config.js';
import { DOCUMENTS_CACHE, documentTag, SEARCH_TAG } from '../documents.tags.js';
import { DocumentEmbedder } from './document-embedder.js';
import { IndexCounter, type IndexerState, type IndexProgress } from './index-progress.js';
import { WakeableTimer } from './wakeable-timer.js';

/** Documents of one round. After a failure half as many, so that the one at fault is alone in the end. */
const MAX_BATCH = 64;

/** The queue is looked at this often; a write on this instance is seen at once. */
const POLL_MS = 2_000;
const STANDBY_MS = 10_000;

/** After a failure, doubling. */
const MIN_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

/** A round that is under way when the application closes has this long. */
const CLOSE_MS = 5_000;

/**
 * Makes the vectors of documents in the background, on one instance at a time. Each round takes some documents from the
 * queue, embeds them and saves the vectors under a lease: an instance that lost its lease saves nothing. A round is followed
 * by a pause as long as itself, so indexing takes half of the model's and the database's time at most. All of its state is
 * in the database; whichever instance is next goes on where the last one was.
 */
@Injectable()
export class DocumentIndexer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Documents');
  private readonly owner = randomUUID();
  private readonly clock: Clock = systemClock;
  private readonly timer = new WakeableTimer(this.clock);
  private readonly stopping = new AbortController();
  private state: IndexerState = 'idle';
  private reason: string | undefined;
  private space: VectorSpace | undefined;
  private lease: IndexLease | undefined;
  private isFilled = false;
  /** Whether the last round found nothing to do. */
  private isResting = false;
  private batchSize = MAX_BATCH;
  private backoffMs = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly queue: IndexQueueRepository,
    private readonly spaces: VectorSpacesRepository,
    private readonly nearest: NearestIndex,
    private readonly embedder: DocumentEmbedder,
    private readonly counter: IndexCounter,
    private readonly connection: DatabaseConnection,
    @Inject(CACHE) private readonly cache: Cache,
    @Inject(documentsConfig.KEY) private readonly config: DocumentsConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.isIndexing) this.state = 'off';
    else this.running ??= this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.timer.stop();
    await Promise.race([this.running, new Promise<void>((resolve) => this.clock.setTimer(resolve, CLOSE_MS))]);
  }

  /** Tells that a document was written here. */
  wake(): void {
    this.counter.forget();
    this.timer.wake();
  }

  progress(): IndexProgress {
    return {
      state: this.state,
      ...this.embedder.space,
      ...this.counter.latest,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
    };
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const pauseMs = await this.round().catch((error: unknown) => this.afterFailure(error));
      // Writes end the pause of an indexer with nothing to do; they do not hurry one that keeps its pace or backs off.
      await this.timer.wait(pauseMs, this.isResting);
    }
    if (this.lease) await this.spaces.release(this.lease).catch(() => undefined);
  }

  /** One round; gives how long to pause after it. */
  private async round(): Promise<number> {
    this.isResting = false;
    const { kind, state } = this.connection.health();
    // The first use of the embedded database takes seconds and much memory. That is for requests to decide.
    if (kind === 'embedded' && state === 'idle') {
      this.isResting = true;
      return POLL_MS;
    }
    const lease = (this.lease ??= await this.takeLease());
    if (!lease) {
      this.become('standby');
      await this.counter.count(this.space);
      return STANDBY_MS;
    }
    if (!this.isFilled) {
      this.become('indexing');
      this.isFilled = await this.queue.fill(lease);
      if (!this.isFilled) return 0;
    }
    const startedMs = this.clock.nowMs();
    const documents = await this.queue.next(lease, this.batchSize);
    if (documents.length === 0) {
      const { pending } = await this.counter.count(lease.space);
      if (pending > 0) this.become('waiting', 'some documents are tried again later');
      else this.become('complete');
      this.isResting = true;
      return POLL_MS;
    }
    this.become('indexing');
    await this.index(lease, documents);
    this.batchSize = Math.min(MAX_BATCH, this.batchSize * 2);
    this.backoffMs = 0;
    await this.counter.count(lease.space);
    return this.pauseAfter(documents.length, this.clock.nowMs() - startedMs);
  }

  private async takeLease(): Promise<IndexLease | undefined> {
    const { model, dimensions } = this.embedder.space;
    this.space ??= await this.spaces.findOrCreate(model, dimensions);
    const lease = await this.spaces.lease(this.space, this.owner);
    if (!lease) return undefined;
    this.isFilled = false;
    await this.nearest.ensure(this.space);
    await this.spaces.deleteUnused(this.space);
    // Documents that were refused are tried again: the reason, such as a wrong setting, may be gone.
    await this.queue.addSkipped(lease);
    // The instance before this one may have ended between its last save and its eviction.
    await this.evict([]);
    return lease;
  }

  private async index(lease: IndexLease, documents: readonly QueuedDocument[]): Promise<void> {
    const renewal = this.renewWhileBusy(lease);
    try {
      const results = await this.embedder.embedDocuments(documents, this.stopping.signal);
      const changed = await this.queue.save(lease, results);
      this.counter.forget();
      await this.evict(changed);
    } catch (error) {
      if (documents.length === 1 && isPerhapsOfText(error)) await this.queue.postpone(lease, documents[0]!);
      throw error;
    } finally {
      renewal.cancel();
    }
  }

  /** An upstream that is slow, or paces its callers, may take longer than a lease lasts. */
  private renewWhileBusy(lease: IndexLease): { cancel(): void } {
    let isOver = false;
    let timer = this.clock.setTimer(renew, LEASE_MS / 3);
    const { spaces, clock } = this;
    function renew() {
      // One that fails is known when the batch is saved.
      void spaces
        .renew(lease)
        .catch(() => undefined)
        .finally(() => {
          if (!isOver) timer = clock.setTimer(renew, LEASE_MS / 3);
        });
    }
    return {
      cancel() {
        isOver = true;
        timer.cancel();
      },
    };
  }

  /** Searches may now find more; a document that was skipped says so. */
  private async evict(documents: readonly string[]): Promise<void> {
    await this.cache.namespace(DOCUMENTS_CACHE).invalidateTags([SEARCH_TAG, ...documents.map(documentTag)]);
  }

  private pauseAfter(texts: number, tookMs: number): number {
    return Math.max(tookMs, (texts / this.config.indexTextsPerMinute) * 60_000);
  }

  private afterFailure(error: unknown): number {
    if (error instanceof LeaseLostError) {
      this.lease = undefined;
      this.become('standby');
      return STANDBY_MS;
    }
    this.isResting = false;
    const isModel = error instanceof EmbeddingError;
    const reason = isModel ? `embedding model: ${error.kind}` : `database: ${describeDatabaseError(error)}`;
    if (this.backoffMs === 0 && !this.stopping.signal.aborted)
      this.logger.warn(`Indexing waits (${isModel ? summarizeError(error) : reason})`);
    this.become('waiting', reason);
    if (!isModel) this.space = this.lease = undefined;
    this.batchSize = Math.max(1, Math.floor(this.batchSize / 2));
    this.backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(MIN_BACKOFF_MS, this.backoffMs * 2));
    return Math.max(this.backoffMs, isModel ? Math.min(error.retryAfterMs ?? 0, MAX_BACKOFF_MS) : 0);
  }

  private become(state: IndexerState, reason?: string): void {
    this.state = state;
    this.reason = reason;
  }
}

/** Whether the texts may be the reason of an upstream's failure. A text that always fails must not stop the other texts. */
function isPerhapsOfText(error: unknown): boolean {
  return (
    error instanceof EmbeddingError && (error.kind === 'upstream-unavailable' || error.kind === 'upstream-timeout')
  );
}
