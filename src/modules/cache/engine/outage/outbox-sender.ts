import type { Clock, TimerHandle } from '../../../../common/clock.js';
import type { EventBus } from '../contract/event-bus.js';
import type { CacheEvents } from '../contract/events.js';
import { type KeyLayout, ROOT_GENERATION } from '../names/key-layout.js';
import type { Invalidation, RemoteTier, SlotAddress } from '../ports/remote-tier.js';
import type { DependencyTable } from '../versions/dependency-table.js';
import type { Outbox, OutboxMode } from './outbox.js';
import type { OutboxFile } from './outbox-file.js';

/** Keys and dependencies in one tombstone message. */
const TOMBSTONES_PER_MESSAGE = 1_000;
/** Pause between two repetitions of the tombstones, and more for every item: the bus keeps room for other messages. */
const REPEAT_PAUSE_MS = 100;
const REPEAT_PAUSE_PER_ITEM_MS = 0.01;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/** The parts an {@link OutboxSender} works with. */
export interface OutboxSenderParts {
  readonly outbox: Outbox;
  readonly tier: RemoteTier;
  readonly table: DependencyTable;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly layout: KeyLayout;
  /** Keeps the outbox on disk, too. */
  readonly file: OutboxFile | undefined;
}

/**
 * Sends the invalidations in the outbox: when Redis answers again, before it is trusted, and by itself after a write that
 * merely timed out. At most one sending runs at a time. Until an invalidation is sent, its tombstone tells the other
 * instances not to read the entry.
 */
export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  #onSent: () => void = () => undefined;
  #sending: Promise<boolean> | undefined;
  #retry: TimerHandle | undefined;
  #repetition: TimerHandle | undefined;
  #nextRepetitionMs = Number.NEGATIVE_INFINITY;
  #retryDelayMs = FIRST_RETRY_MS;
  #isClosed = false;

  constructor(parts: OutboxSenderParts) {
    this.#parts = parts;
  }

  /** The listener is called each time everything that waited was sent. */
  onSent(listener: () => void): void {
    this.#onSent = listener;
  }

  /** Takes over the invalidations that dead processes left in files of the same name. */
  restore(): void {
    const { file, outbox, layout } = this.#parts;
    if (file === undefined) return;
    const found = file.adopt();
    for (const key of found?.keys ?? []) outbox.addKey(layout.addressOf(key));
    for (const [id, mode] of found?.dependencies ?? []) outbox.addDependency(id, mode);
    if (found === undefined || outbox.isOverflowing) outbox.replaceBy(ROOT_GENERATION);
    // Also when the outbox is empty: this deletes the files that were taken over.
    this.#writeFile((own) => own.rewrite(outbox.snapshot()));
    if (outbox.size > 0) this.#scheduleRetry();
  }

  queue(addresses: readonly SlotAddress[], dependencies: readonly string[], mode: OutboxMode): void {
    const { outbox, tier } = this.#parts;
    if (mode === 'hard') tier.announceTombstones(addresses, dependencies);
    if (outbox.modeOf(ROOT_GENERATION) === 'hard') {
      // A clear of everything waits already. It is added again, so that one that is being sent now does not stand for this.
      outbox.addDependency(ROOT_GENERATION, 'hard');
      return;
    }
    for (const address of addresses) outbox.addKey(address);
    for (const id of dependencies) outbox.addDependency(id, mode);
    if (outbox.isOverflowing) {
      outbox.replaceBy(ROOT_GENERATION);
      this.#writeFile((file) => file.replaceBy(outbox.snapshot()));
      this.#emit('overflowed');
    } else {
      this.#append(addresses, dependencies, mode);
      this.#emit('queued');
    }
    this.#scheduleRetry();
  }

  /** Sends an invalidation now, and queues it if Redis does not take it. */
  async sendOrQueue(invalidation: Invalidation): Promise<void> {
    if (await this.#sendBatch(invalidation)) return;
    this.queue(invalidation.addresses, invalidation.dependencies, invalidation.mode);
  }

  /** Soon repeats the tombstones of the whole outbox, for instances that were not there when they were first announced. */
  announceTombstones(): void {
    if (this.#repetition !== undefined || this.#isClosed) return;
    const { clock } = this.#parts;
    const delayMs = Math.max(0, this.#nextRepetitionMs - clock.nowMs());
    this.#repetition = clock.setTimer(() => void this.#repeatTombstones(), delayMs);
  }

  /**
   * Sends what is in the outbox now. Resolves to whether Redis acknowledged all of it; invalidations that are added
   * meanwhile are sent soon after.
   */
  send(): Promise<boolean> {
    return (this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    }));
  }

  /** As {@link send}, and resolves to false after `maxMs` milliseconds. */
  sendFor(maxMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#parts.clock.setTimer(() => resolve(false), maxMs);
      void this.send().then((isSent) => {
        timer.cancel();
        resolve(isSent);
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#repetition?.cancel();
    this.#parts.file?.close();
  }

  async #sendAll(): Promise<boolean> {
    const { outbox } = this.#parts;
    if (outbox.size === 0) return true;
    if (!(await outbox.drain((batch) => this.#sendBatch(batch)))) return false;
    this.#retryDelayMs = FIRST_RETRY_MS;
    this.#writeFile((file) => file.rewrite(outbox.snapshot()));
    if (outbox.size === 0) this.#emit('drained');
    else this.#scheduleRetry();
    this.#onSent();
    return true;
  }

  async #repeatTombstones(): Promise<void> {
    // A batch on its way was written before this tombstone, so its log entry would not lift the tombstone.
    while (this.#sending !== undefined) await this.#sending;
    this.#repetition = undefined;
    if (this.#isClosed) return;
    const { outbox, tier, clock } = this.#parts;
    for (const { addresses, dependencies } of outbox.hardInvalidations(TOMBSTONES_PER_MESSAGE))
      tier.announceTombstones(addresses, dependencies);
    this.#nextRepetitionMs = clock.nowMs() + REPEAT_PAUSE_MS + outbox.size * REPEAT_PAUSE_PER_ITEM_MS;
  }

  #append(addresses: readonly SlotAddress[], dependencies: readonly string[], mode: OutboxMode): void {
    const { outbox } = this.#parts;
    const contents = {
      keys: addresses.map(({ memoryKey }) => memoryKey),
      dependencies: dependencies.map((id) => [id, mode] as const),
    };
    this.#writeFile((file) => file.add(contents, outbox.size, () => outbox.snapshot()));
  }

  /**
   * A full disk costs detail: a process that dies now has its successor clear everything. The outbox in memory goes on.
   */
  #writeFile(write: (file: OutboxFile) => void): void {
    const { file } = this.#parts;
    if (file === undefined) return;
    try {
      write(file);
    } catch {
      this.#emit('file-failed');
    }
  }

  async #sendBatch(batch: Invalidation): Promise<boolean> {
    const acknowledged = await this.#parts.tier.invalidate(batch);
    if (acknowledged === undefined) return false;
    for (const [id, { version, at }] of acknowledged.versions)
      this.#parts.table.recordFromLog(id, version, at, 'known');
    return true;
  }

  #scheduleRetry(): void {
    if (this.#retry !== undefined || this.#isClosed) return;
    const { clock, tier } = this.#parts;
    this.#retry = clock.setTimer(
      () => {
        this.#retry = undefined;
        // While Redis is down, its recovery sends the outbox; a command now would only wait.
        const attempt = tier.canWrite() ? this.send() : Promise.resolve(false);
        void attempt.then((isSent) => {
          if (!isSent) this.#scheduleRetry();
        });
      },
      this.#retryDelayMs * (0.5 + Math.random()),
    );
    this.#retryDelayMs = Math.min(LAST_RETRY_MS, this.#retryDelayMs * 2);
  }

  #emit(event: CacheEvents['outbox']['event']): void {
    const { events, layout, outbox } = this.#parts;
    events.emit('outbox', { cache: layout.namespace, size: outbox.size, event });
  }
}
