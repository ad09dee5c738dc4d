import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, TimerHandle } from '../../../../common/clock.js';

/** When no load has finished for this long while others wait, those that run may be waiting for those. */
const STALL_MS = 5_000;

/** A load that runs or waits. */
interface Turn {
  /** The load within which it was asked for. */
  readonly outer: Turn | undefined;
  isOver: boolean;
  /** One that was asked for within it runs in its place. */
  isLent: boolean;
}

interface Waiter {
  readonly turn: Turn;
  readonly go: (place: Place) => void;
}

/** Its own, or that of the load that waits for it. */
type Place = 'own' | 'lent';

/**
 * Lets at most `limit` loaders run at once; more wait in the order they came. Protects the source of truth when many
 * keys miss together, as after an outage of Redis.
 *
 * Loaders that load from the cache themselves must not wait for a place that they hold: a loader lends its place to the
 * loads within it, one at a time. That leaves loads that wait for a load which somebody else has asked for: when
 * nothing finishes for five seconds there is one place more, until nobody waits.
 */
export class LoadGate {
  readonly #waiting = new Set<Waiter>();
  readonly #turns = new AsyncLocalStorage<Turn>();
  #running = 0;
  #morePlaces = 0;
  #stall: TimerHandle | undefined;

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {
    if (!(limit >= 1)) throw new RangeError('maxConcurrentLoads is at least 1.');
  }

  /** `onWait` is handed a function that ends the wait: a load that nobody wants any more takes nobody's place. */
  async run<T>(load: () => Promise<T> | T, onWait: (stopWaiting: () => void) => void = () => undefined): Promise<T> {
    const outer = this.#turns.getStore();
    const turn: Turn = { outer: outer?.isOver === false ? outer : undefined, isOver: false, isLent: false };
    const place = this.#placeFor(turn) ?? (await this.#wait(turn, onWait));
    try {
      return await this.#turns.run(turn, load);
    } finally {
      turn.isOver = true;
      this.#leave(turn, place);
    }
  }

  #placeFor({ outer }: Turn): Place | undefined {
    if (outer !== undefined && !outer.isLent) {
      outer.isLent = true;
      return 'lent';
    }
    if (this.#running >= this.limit + this.#morePlaces) return undefined;
    this.#running++;
    return 'own';
  }

  #wait(turn: Turn, onWait: (stopWaiting: () => void) => void): Promise<Place> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { turn, go: resolve };
      this.#waiting.add(waiter);
      if (this.#stall === undefined) this.#restartStall();
      onWait(() => {
        if (!this.#waiting.delete(waiter)) return;
        if (this.#waiting.size === 0) this.#restartStall();
        reject(new DOMException('Nobody waits for this load any more.', 'AbortError'));
      });
    });
  }

  #leave({ outer }: Turn, place: Place): void {
    if (place === 'lent') this.#lendAgain(outer!);
    else this.#running--;
    this.#admit();
    if (this.#stall !== undefined) this.#restartStall();
  }

  #lendAgain(outer: Turn): void {
    outer.isLent = false;
    for (const waiter of this.#waiting) if (waiter.turn.outer === outer) return void this.#tryAdmit(waiter);
  }

  #admit(): void {
    for (const waiter of this.#waiting) if (!this.#tryAdmit(waiter)) break;
  }

  #tryAdmit(waiter: Waiter): boolean {
    const place = this.#placeFor(waiter.turn);
    if (place === undefined) return false;
    this.#waiting.delete(waiter);
    waiter.go(place);
    return true;
  }

  #restartStall(): void {
    this.#stall?.cancel();
    this.#stall = undefined;
    if (this.#waiting.size === 0) {
      this.#morePlaces = 0;
      return;
    }
    this.#stall = this.clock.setTimer(() => {
      this.#morePlaces++;
      this.#admit();
      this.#restartStall();
    }, STALL_MS);
  }
}
