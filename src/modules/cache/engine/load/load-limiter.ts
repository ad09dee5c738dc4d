import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, TimerHandle } from '../../../../common/clock.js';

/** When no load has finished for this long while others wait, the running loads may be waiting for the waiting ones. */
const STALL_MS = 5_000;

/** The right of one load to run. */
interface Permit {
  /** The permit of the load that asked for this one from within its loader. */
  readonly outer: Permit | undefined;
  isOver: boolean;
  /** True while a load within this one runs on this permit. */
  isLent: boolean;
}

/** How a load came to run: on a permit of its own, or on that of the load around it. */
type PermitKind = 'own' | 'borrowed';

interface WaitingLoad {
  readonly permit: Permit;
  readonly start: (kind: PermitKind) => void;
}

/**
 * Lets at most `limit` loaders run at once; more wait in the order of their calls. Protects the source of truth when many
 * keys miss together, as after an outage of Redis.
 *
 * A loader that loads from the cache itself must not wait for the permit that it holds: it lends its permit to the loads
 * within it, one at a time. That leaves a load that waits for a load of another caller. So when no load finishes for five
 * seconds, one more load may run, until no load waits.
 */
export class LoadLimiter {
  readonly #waiting = new Set<WaitingLoad>();
  readonly #permits = new AsyncLocalStorage<Permit>();
  #running = 0;
  #extraPermits = 0;
  #stall: TimerHandle | undefined;

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {
    if (!(limit >= 1)) throw new RangeError('maxConcurrentLoads is at least 1.');
  }

  /**
   * Runs a load as soon as it has a permit.
   *
   * @param onWait receives a function that ends the wait: a load that no caller wants any more leaves the queue.
   */
  async run<T>(load: () => Promise<T> | T, onWait: (stopWaiting: () => void) => void = () => undefined): Promise<T> {
    const outer = this.#permits.getStore();
    const permit: Permit = { outer: outer?.isOver === false ? outer : undefined, isOver: false, isLent: false };
    const kind = this.#tryAcquire(permit) ?? (await this.#wait(permit, onWait));
    try {
      return await this.#permits.run(permit, load);
    } finally {
      permit.isOver = true;
      this.#release(permit, kind);
    }
  }

  #tryAcquire({ outer }: Permit): PermitKind | undefined {
    if (outer !== undefined && !outer.isLent) {
      outer.isLent = true;
      return 'borrowed';
    }
    if (this.#running >= this.limit + this.#extraPermits) return undefined;
    this.#running++;
    return 'own';
  }

  #wait(permit: Permit, onWait: (stopWaiting: () => void) => void): Promise<PermitKind> {
    return new Promise((resolve, reject) => {
      const load: WaitingLoad = { permit, start: resolve };
      this.#waiting.add(load);
      if (this.#stall === undefined) this.#restartStallTimer();
      onWait(() => {
        if (!this.#waiting.delete(load)) return;
        if (this.#waiting.size === 0) this.#restartStallTimer();
        reject(new DOMException('No caller waits for this load any more.', 'AbortError'));
      });
    });
  }

  #release({ outer }: Permit, kind: PermitKind): void {
    if (kind === 'borrowed') this.#returnTo(outer!);
    else this.#running--;
    this.#startWaiting();
    if (this.#stall !== undefined) this.#restartStallTimer();
  }

  /** A borrowed permit goes to the next load that waits within the same loader. */
  #returnTo(outer: Permit): void {
    outer.isLent = false;
    for (const load of this.#waiting) if (load.permit.outer === outer) return void this.#tryStart(load);
  }

  #startWaiting(): void {
    for (const load of this.#waiting) if (!this.#tryStart(load)) break;
  }

  #tryStart(load: WaitingLoad): boolean {
    const kind = this.#tryAcquire(load.permit);
    if (kind === undefined) return false;
    this.#waiting.delete(load);
    load.start(kind);
    return true;
  }

  #restartStallTimer(): void {
    this.#stall?.cancel();
    this.#stall = undefined;
    if (this.#waiting.size === 0) {
      this.#extraPermits = 0;
      return;
    }
    this.#stall = this.clock.setTimer(() => {
      this.#extraPermits++;
      this.#startWaiting();
      this.#restartStallTimer();
    }, STALL_MS);
  }
}
