import type { Clock, TimerHandle } from '../../../../common/clock.js';

/** When no load has finished for this long while others wait, the running loads may be waiting for the waiting ones. */
const STALL_MS = 5_000;

/** The right of one load to run. It is released once, by the load that has it. */
export class Permit {
  /** Loads within this one that wait. */
  readonly waitingWithin = new Set<WaitingLoad>();
  #isOver = false;
  #isLent = false;

  constructor(
    readonly limiter: LoadLimiter,
    /** The permit of the load around this one, if that is what this load runs on. */
    private readonly lender: Permit | undefined,
    private readonly giveBack: () => void,
  ) {}

  /** True if a load within this one may run on this permit now. */
  get mayBeLent(): boolean {
    return !this.#isOver && !this.#isLent;
  }

  lend(): void {
    this.#isLent = true;
  }

  /** The load has ended. A permit that is lent is given back when the borrower has ended too. */
  release(): void {
    this.#isOver = true;
    if (this.#isLent) return;
    if (this.lender === undefined) this.giveBack();
    else this.lender.#takeBack();
  }

  #takeBack(): void {
    this.#isLent = false;
    if (this.#isOver) return this.release();
    const [next] = this.waitingWithin;
    next?.start();
  }
}

/** A load that waits for a permit. */
interface WaitingLoad {
  /** Starts the load if it may run now. Returns whether it does. */
  readonly start: () => boolean;
}

/** How a load asks for a permit. */
export interface PermitRequest {
  /** The permit of the load around this one, of the same limiter. */
  readonly outer?: Permit | undefined;
  /** A load that has waited before: it comes before those that have not. */
  readonly isReturning?: boolean;
  /** Receives a function that ends the wait: a load that no caller wants any more leaves the queue. */
  readonly onWait?: (stopWaiting: () => void) => void;
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
  readonly #returning = new Set<WaitingLoad>();
  #running = 0;
  #extraPermits = 0;
  #lastReleaseMs = 0;
  #stall: TimerHandle | undefined;

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {
    if (!(limit >= 1)) throw new RangeError('maxConcurrentLoads is at least 1.');
  }

  /** Gives a permit, at once if there is one. Resolves to `undefined` if the wait was ended. */
  acquire(request: PermitRequest = {}): Permit | Promise<Permit | undefined> {
    return this.#tryAcquire(request.outer) ?? this.#wait(request);
  }

  #tryAcquire(outer: Permit | undefined): Permit | undefined {
    if (outer?.mayBeLent === true) {
      outer.lend();
      return new Permit(this, outer, this.#giveBack);
    }
    if (this.#running >= this.limit + this.#extraPermits) return undefined;
    this.#running++;
    return new Permit(this, undefined, this.#giveBack);
  }

  #wait({ outer, isReturning, onWait }: PermitRequest): Promise<Permit | undefined> {
    const queue = isReturning === true ? this.#returning : this.#waiting;
    return new Promise((resolve) => {
      const leave = (permit: Permit | undefined): void => {
        queue.delete(load);
        outer?.waitingWithin.delete(load);
        if (!this.#hasWaiting) this.#endStallWatch();
        resolve(permit);
      };
      const start = (): boolean => {
        const permit = this.#tryAcquire(outer);
        if (permit !== undefined) leave(permit);
        return permit !== undefined;
      };
      const load: WaitingLoad = { start };
      queue.add(load);
      outer?.waitingWithin.add(load);
      if (this.#stall === undefined) this.#beginStallWatch();
      onWait?.(() => {
        if (queue.has(load)) leave(undefined);
      });
    });
  }

  get #hasWaiting(): boolean {
    return this.#waiting.size > 0 || this.#returning.size > 0;
  }

  readonly #giveBack = (): void => {
    this.#running--;
    this.#lastReleaseMs = this.clock.nowMs();
    this.#startWaiting();
  };

  #startWaiting(): void {
    for (const queue of [this.#returning, this.#waiting]) for (const load of queue) if (!load.start()) return;
  }

  /** One timer, however many loads end: it looks at the time of the last one. */
  #beginStallWatch(): void {
    this.#lastReleaseMs = this.clock.nowMs();
    this.#setStallTimer(STALL_MS);
  }

  #setStallTimer(delayMs: number): void {
    this.#stall = this.clock.setTimer(() => {
      const leftMs = this.#lastReleaseMs + STALL_MS - this.clock.nowMs();
      if (leftMs > 0) return this.#setStallTimer(leftMs);
      this.#lastReleaseMs = this.clock.nowMs();
      this.#setStallTimer(STALL_MS);
      this.#extraPermits++;
      this.#startWaiting();
    }, delayMs);
  }

  #endStallWatch(): void {
    this.#stall?.cancel();
    this.#stall = undefined;
    this.#extraPermits = 0;
  }
}
