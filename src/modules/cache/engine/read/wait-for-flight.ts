import type { Clock, TimerHandle } from '../../../../common/clock.js';
import { LoadTimeoutError } from '../contract/errors.js';
import type { Flight, Outcome } from '../local/flight.js';
import type { LoadSettings } from '../parts/call-settings.js';

/** What a caller got: the flight's outcome, or word that it should take what is stale. */
export type Waited = Outcome | 'take-stale';

/**
 * One caller's wait for a flight: until it lands, the soft timeout passes and there is something stale to serve, the
 * hard timeout passes, or the caller's signal aborts. The flight goes on; only when its last caller gave up by signal is
 * the loader told to stop.
 *
 * @param mayServeStale asked when the soft timeout has passed.
 */
export async function waitFor(
  flight: Flight,
  settings: LoadSettings,
  clock: Clock,
  mayServeStale: () => boolean,
): Promise<Waited> {
  const { softTimeoutMs, hardTimeoutMs, signal } = settings;
  flight.enter();
  if (softTimeoutMs === undefined && hardTimeoutMs === undefined && signal === undefined) return flight.outcome;
  const timers: TimerHandle[] = [];
  const sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => timers.push(clock.setTimer(resolve, delayMs)));
  const ends: Promise<Waited>[] = [flight.outcome];
  if (softTimeoutMs !== undefined) {
    const elapsed = softTimeoutMs > 0 ? sleep(softTimeoutMs) : Promise.resolve();
    const offered = Promise.all([elapsed, flight.staleOffered()]);
    ends.push(offered.then((): Waited | Promise<Outcome> => (mayServeStale() ? 'take-stale' : flight.outcome)));
  }
  if (hardTimeoutMs !== undefined) {
    ends.push(
      sleep(hardTimeoutMs).then(() => {
        throw new LoadTimeoutError(flight.key, hardTimeoutMs);
      }),
    );
  }
  let onAbort: (() => void) | undefined;
  let hasGivenUp = false;
  if (signal !== undefined) {
    ends.push(
      new Promise((_, reject) => {
        onAbort = () => {
          hasGivenUp = true;
          // First, so that this caller hears its own reason and not that of the load's end.
          reject(signal.reason);
          flight.giveUp();
        };
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      }),
    );
  }
  try {
    return await Promise.race(ends);
  } finally {
    for (const timer of timers) timer.cancel();
    if (!hasGivenUp) flight.leave();
    if (onAbort !== undefined) signal!.removeEventListener('abort', onAbort);
  }
}
