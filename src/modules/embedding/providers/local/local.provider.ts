import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { EmbeddingError } from '../../embedding.error.js';
import { toUnitLength } from '../../numbers/unit-vector.js';
import type { ComputedVector, EmbeddingBatch, EmbeddingModel, EmbeddingProvider } from '../embedding.provider.js';
import type { LocalJob, LocalReply } from './local.worker.js';

/** Universal Sentence Encoder Lite (Cer et al., 2018), shipped with its weights in a package: English, 512 dimensions, no network. */
const LOCAL_MODEL: EmbeddingModel = {
  id: 'local',
  provider: 'local',
  dimensions: { default: 512, min: 512, max: 512 },
  taskMode: 'none',
  isNormalised: false,
  isNested: false,
  // Its tokenizer takes quadratic time; this length takes about a second.
  maxInputChars: 16_384,
  maxInputTokens: 4_096,
  usdPerMillionTokens: 0,
};

interface PendingJob {
  readonly resolve: (reply: Extract<LocalReply, { tokens: readonly number[] }>) => void;
  readonly reject: (error: Error) => void;
}

/** Always available, without configuration. */
export function createLocalProvider(): EmbeddingProvider {
  return new LocalProvider();
}

/**
 * Computes vectors in a worker thread of this process. The model (about 290 MB) is loaded with the first text and costs
 * nothing before. The event loop never waits for it.
 */
export class LocalProvider implements EmbeddingProvider {
  readonly name = 'local';
  readonly origin = 'use-lite-en@0.2.0';
  readonly models = [LOCAL_MODEL];
  readonly batchLimit = { texts: 32, bytes: 64 * 2 ** 10, concurrency: 1 };

  private readonly pending = new Map<number, PendingJob>();
  private worker: Worker | undefined;
  private lastId = 0;

  async embed({ inputs }: EmbeddingBatch): Promise<readonly ComputedVector[]> {
    const { vectors, tokens } = await this.run(
      'embed',
      inputs.map(({ parts }) => parts.join('\n')),
    );
    return vectors.map((vector, index) => ({ vector: toUnitLength(vector), tokens: tokens[index] ?? 0 }));
  }

  async countTokens(_model: EmbeddingModel, texts: readonly string[]): Promise<number> {
    const { tokens } = await this.run('count', texts);
    return tokens.reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private run(
    kind: LocalJob['kind'],
    texts: readonly string[],
  ): Promise<Extract<LocalReply, { tokens: readonly number[] }>> {
    const job: LocalJob = { id: ++this.lastId, kind, texts };
    return new Promise((resolve, reject) => {
      this.pending.set(job.id, { resolve, reject });
      this.worker ??= this.start();
      // The thread keeps the process alive only while an answer is pending.
      this.worker.ref();
      this.worker.postMessage(job);
    });
  }

  private start(): Worker {
    // The worker has the extension of this file: `.js` when built, `.ts` (which Node runs itself) from the sources.
    const worker = new Worker(new URL(`./local.worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url));
    worker.on('message', (reply: LocalReply) => this.settle(reply));
    worker.on('error', (error) => this.abandon(worker, error));
    worker.on('exit', () => this.abandon(worker, new Error('the worker thread ended')));
    return worker;
  }

  private settle(reply: LocalReply): void {
    const job = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (this.pending.size === 0) this.worker?.unref();
    if ('tokens' in reply) job?.resolve(reply);
    else
      job?.reject(
        new EmbeddingError('upstream-unavailable', `The local model failed on this batch (${reply.failure}).`),
      );
  }

  /** The next text starts a new thread. */
  private abandon(worker: Worker, cause: Error): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    const jobs = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of jobs)
      reject(new EmbeddingError('upstream-unavailable', 'The local model is not available.', { cause }));
  }
}
