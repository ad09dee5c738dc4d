import type { Clock, TimerHandle } from '../../../../common/clock.js';
import { LoadTimeoutError } from '../contract/errors.js';
import type { Flight, FlightOutcome } from '../local/flight.js';
import type { CallSettings } from '../parts/call-settings.js';

/** The flight's outcome, the instruction to serve the stale value, or that a joined flight takes too long. */
export type WaitResult = FlightOutcome | 'take-stale' | 'overdue';

/**
 * One caller's wait for a flight. It ends when the flight settles, when the soft timeout has passed and there is a stale value
 * to serve, when the hard timeout has passed, or when the caller's signal aborts. The flight goes on; its loader is told to
 * stop only when its last caller gave up by signal.
 *
 * @param mayServeStale is called when the soft timeout has passed.
 * @param overdue ends the wait of a caller that has joined the flight.
 * @throws the error of the flight, `LoadTimeoutError`, or the reason of the signal.
 */
export async function waitForFlight(
  flight: Flight,
  settings: CallSettings,
  clock: Clock,
  mayServeStale: () => boolean,
  overdue: Promise<'overdue'> | undefined,
): Promise<WaitResult> {
  const { softTimeoutMs, hardTimeoutMs, signal } = settings;
  flight.enter();
  if (softTimeoutMs === undefined && hardTimeoutMs === undefined && signal === undefined)
    return overdue === undefined ? flight.outcome : Promise.race([flight.outcome, overdue]);
  const timers: TimerHandle[] = [];
  const sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => timers.push(clock.setTimer(resolve, delayMs)));
  const ends: Promise<WaitResult>[] = overdue === undefined ? [flight.outcome] : [flight.outcome, overdue];
  if (softTimeoutMs !== undefined) {
    const elapsed = softTimeoutMs > 0 ? sleep(softTimeoutMs) : Promise.resolve();
    const offered = Promise.all([elapsed, flight.staleOffered()]);
    ends.push(
      offered.then((): WaitResult | Promise<FlightOutcome> => (mayServeStale() ? 'take-stale' : flight.outcome)),
    );
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
          // Rejected first, so that this caller gets its own reason and not that of the abandoned flight.
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
