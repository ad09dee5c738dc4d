import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DatabaseUnavailableError } from '../../database.errors.js';
import { EngineStream } from './engine-stream.js';
import type { EngineEvent, EngineOptions, EngineRequest } from './engine.types.js';

/** The first start makes the data directory, which takes seconds; on a busy machine many, ms. */
const MAX_START_MS = 120_000;
/** How long the engine may take to write its data to disk, ms. */
const MAX_CLOSE_MS = 5_000;

/**
 * The thread in which PGlite runs. It can be ended at any time: PGlite recovers from its log, as PostgreSQL does after a
 * crash. It has one client at a time.
 */
export class EmbeddedEngine {
  private stream: EngineStream | undefined;
  private clients = 0;
  private isGone = false;

  private isReady = false;
  private readonly worker: Worker;
  private readonly starting = Promise.withResolvers<void>();

  /** @param onGone called once when it serves no more. */
  constructor(
    options: EngineOptions,
    private readonly onGone: () => void,
  ) {
    const source = new URL(`./engine.worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    this.worker = new Worker(source, { workerData: options });
    this.worker.unref();
    this.worker.on('message', (event: EngineEvent) => this.hear(event));
    this.worker.on('error', (error) => this.die(error instanceof Error ? error.message : String(error)));
    this.worker.on('exit', () => this.die('it was ended'));
  }

  /** @throws DatabaseUnavailableError when PGlite does not start; the thread is ended then. */
  async started(): Promise<void> {
    const timer = setTimeout(() => this.die(`it did not start within ${MAX_START_MS} ms`), MAX_START_MS);
    try {
      await this.starting.promise;
    } catch (error) {
      await this.worker.terminate();
      throw new DatabaseUnavailableError(`the embedded database does not start: ${(error as Error).message}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A connection to it. It takes the place of the one before, whose transaction is rolled back. */
  connect(): EngineStream {
    this.stream?.destroy();
    const client = ++this.clients;
    this.ask({ type: 'open', client });
    this.stream = new EngineStream((bytes) => this.ask({ type: 'data', client, bytes }));
    return this.stream;
  }

  /** Refuses writes from the next transaction on, or takes them again. */
  setReadOnly(isReadOnly: boolean): void {
    this.ask({ type: 'readOnly', isReadOnly });
  }

  /** Ends it without asking: also one that spins. */
  async terminate(): Promise<void> {
    this.die('it was ended');
    await this.worker.terminate();
  }

  /** Lets it finish and write, within limits. */
  async close(): Promise<void> {
    if (this.isReady && !this.isGone) {
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      this.worker.on('message', (event: EngineEvent) => event.type === 'closed' && resolve());
      this.worker.on('exit', () => resolve());
      const timer = setTimeout(resolve, MAX_CLOSE_MS);
      this.ask({ type: 'close' });
      await closed;
      clearTimeout(timer);
    }
    await this.terminate();
  }

  private hear(event: EngineEvent): void {
    if (event.type === 'ready') {
      this.isReady = true;
      this.starting.resolve();
    }
    if (event.type === 'data' && event.client === this.clients) this.stream?.receive(event.bytes);
    if (event.type === 'broken') {
      this.die(event.reason);
      void this.worker.terminate();
    }
  }

  private die(reason: string): void {
    if (this.isGone) return;
    this.isGone = true;
    this.stream?.destroy();
    this.starting.reject(new Error(reason));
    this.onGone();
  }

  private ask(request: EngineRequest): void {
    if (!this.isGone) this.worker.postMessage(request);
  }
}
