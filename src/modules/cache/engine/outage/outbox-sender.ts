import type { Clock, TimerHandle } from '../../../../common/clock.js';
import type { EventBus } from '../contract/event-bus.js';
import type { DependencyTable } from '../versions/dependency-table.js';
import type { Outbox, OutboxMode } from './outbox.js';
import type { OutboxFile } from './outbox-file.js';
import type { Invalidation, RemoteTier, SlotAddress } from '../ports/remote-tier.js';
import type { KeyLayout } from '../names/key-layout.js';

/** Id of the root namespace's generation: its change clears everything. */
const ROOT_GENERATION = 'g:';
/** Items of one piece of advice that is given again. */
const ADVICE_ITEMS = 1_000;
/** Between two answers about what waits, and so much more for every item: however many ask, the bus has room for others. */
const ADVICE_PAUSE_MS = 100;
const ADVICE_PAUSE_PER_ITEM_MS = 0.01;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/**
 * Sends what the outbox holds: at once when Redis answers again (before it is trusted), and by itself after a write that
 * merely timed out. One sending runs at a time.
 */
export class OutboxSender {
  #sending: Promise<boolean> | undefined;
  #retry: TimerHandle | undefined;
  #advice: TimerHandle | undefined;
  #nextAdviceMs = Number.NEGATIVE_INFINITY;
  #delayMs = FIRST_RETRY_MS;
  #isClosed = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly tier: RemoteTier,
    private readonly table: DependencyTable,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly layout: KeyLayout,
    private readonly file: OutboxFile | undefined,
  ) {}

  /** Keeps what instances of the same file left behind when they ended. */
  restore(): void {
    if (this.file === undefined) return;
    const contents = this.file.adopt();
    for (const key of contents?.keys ?? []) this.outbox.addKey(this.layout.addressOf(key));
    for (const [id, mode] of contents?.dependencies ?? []) this.outbox.addDependency(id, mode);
    if (contents === undefined || this.outbox.isOverflowing) this.outbox.replaceBy(ROOT_GENERATION);
    // Also where nothing waits: what was taken over goes.
    this.#keep((file) => file.rewrite(this.outbox.contents()));
    if (this.outbox.size > 0) this.#scheduleRetry();
  }

  queue(addresses: readonly SlotAddress[], dependencies: readonly string[], mode: OutboxMode): void {
    if (mode === 'hard') this.tier.advise(addresses, dependencies);
    if (this.outbox.modeOf(ROOT_GENERATION) === 'hard') {
      // A clear of everything waits already. Asked for again, so that one that is being sent now does not stand for this.
      this.outbox.addDependency(ROOT_GENERATION, 'hard');
      return;
    }
    for (const address of addresses) this.outbox.addKey(address);
    for (const id of dependencies) this.outbox.addDependency(id, mode);
    if (this.outbox.isOverflowing) {
      this.outbox.replaceBy(ROOT_GENERATION);
      this.#keep((file) => file.rewrite(this.outbox.contents()));
      this.events.emit('outbox', { cache: this.layout.namespace, size: this.outbox.size, event: 'overflowed' });
    } else {
      const keys = addresses.map(({ memoryKey }) => memoryKey);
      this.#keep((file) => {
        if (file.isWorthCompacting(this.outbox.size)) file.rewrite(this.outbox.contents());
        else file.append({ keys, dependencies: dependencies.map((id) => [id, mode]) });
      });
      this.events.emit('outbox', { cache: this.layout.namespace, size: this.outbox.size, event: 'queued' });
    }
    this.#scheduleRetry();
  }

  /** Sends it now if that works; else it waits. */
  async sendOrQueue(invalidation: Invalidation): Promise<void> {
    if (await this.#sendBatch(invalidation)) return;
    this.queue(invalidation.addresses, invalidation.dependencies, invalidation.mode);
  }

  /** Says soon again what waits: to instances that were not there, or were cut off, when it was said. */
  adviseAgain(): void {
    if (this.#advice !== undefined || this.#isClosed) return;
    this.#advice = this.clock.setTimer(
      () => void this.#adviseAll(),
      Math.max(0, this.#nextAdviceMs - this.clock.nowMs()),
    );
  }

  /** Resolves to whether all that waited when it began was sent. What came meanwhile is sent soon. */
  send(): Promise<boolean> {
    return (this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    }));
  }

  /** As {@link send}, and waits for at most so long. */
  sendFor(maxMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(() => resolve(false), maxMs);
      void this.send().then((isSent) => {
        timer.cancel();
        resolve(isSent);
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#advice?.cancel();
    this.file?.close();
  }

  async #sendAll(): Promise<boolean> {
    if (this.outbox.size === 0) return true;
    const isSent = await this.outbox.drain((batch) => this.#sendBatch(batch));
    if (!isSent) return false;
    this.#delayMs = FIRST_RETRY_MS;
    this.#keep((file) => file.rewrite(this.outbox.contents()));
    if (this.outbox.size === 0) this.events.emit('outbox', { cache: this.layout.namespace, size: 0, event: 'drained' });
    else this.#scheduleRetry();
    return true;
  }

  async #adviseAll(): Promise<void> {
    // What is on its way was written before this advice, and would not lift it.
    while (this.#sending !== undefined) await this.#sending;
    this.#advice = undefined;
    if (this.#isClosed) return;
    for (const { addresses, dependencies } of this.outbox.hardParts(ADVICE_ITEMS))
      this.tier.advise(addresses, dependencies);
    this.#nextAdviceMs = this.clock.nowMs() + ADVICE_PAUSE_MS + this.outbox.size * ADVICE_PAUSE_PER_ITEM_MS;
  }

  /** A full disk costs what the file is for, the death of the process; the outbox itself goes on. */
  #keep(write: (file: OutboxFile) => void): void {
    if (this.file === undefined) return;
    try {
      write(this.file);
    } catch {
      this.events.emit('outbox', { cache: this.layout.namespace, size: this.outbox.size, event: 'file-failed' });
    }
  }

  async #sendBatch(batch: Invalidation): Promise<boolean> {
    const applied = await this.tier.invalidate(batch);
    if (applied === undefined) return false;
    for (const [id, { version, at }] of applied.versions) this.table.apply(id, version, at);
    return true;
  }

  #scheduleRetry(): void {
    if (this.#retry !== undefined || this.#isClosed) return;
    this.#retry = this.clock.setTimer(
      () => {
        this.#retry = undefined;
        // While Redis is down its recovery sends; asking it now would only wait.
        const attempt = this.tier.canWrite() ? this.send() : Promise.resolve(false);
        void attempt.then((isSent) => {
          if (!isSent) this.#scheduleRetry();
        });
      },
      this.#delayMs * (0.5 + Math.random()),
    );
    this.#delayMs = Math.min(LAST_RETRY_MS, this.#delayMs * 2);
  }
}
