/**
 * Survivors that were looked at and need no test, each with its reason. `change` is what the run prints, without the line,
 * which moves.
 */
const READ = {
  'engine/read/early-refresh.ts': {
    'with a β of 0 the sum is the present time, and only fresh entries are asked about': [
      'beta > 0 → true',
      'beta > 0 → beta >= 0',
    ],
    'the two differ if the sum is the end to the last bit': [
      'nowMs - loadMs * beta * Math.log(Math.random()) >= freshUntilMs → nowMs - loadMs * beta * Math.log(Math.random()) > freshUntilMs',
    ],
    'a comparison with undefined is false as well': ['untilMs === undefined → false'],
    'a time that is over counts as none': ['this.#backoffUntilMs.delete(memoryKey); → ;'],
  },
  'engine/read/get-or-load.ts': {
    'a β of undefined is never due': ['beta !== undefined → true'],
    'no flight to load: the path returns at once': [
      'own.length > 0 → true',
      'own.length > 0 → own.length >= 0',
      'flights.length > 0 → true',
      'flights.length > 0 → flights.length >= 0',
    ],
    'settings of a call without options are kept, which saves making them again': ['options === undefined → false'],
    'a wait for a text is over at once': ['[] → ["Stryker was here"]'],
    'the bound on a loop that needs an invalidation between two microtasks': [
      'tries >= MAX_TRIES → false',
      'tries >= MAX_TRIES → tries > MAX_TRIES',
      'tries + 1 → tries - 1',
    ],
  },
  'engine/read/wait-for-flight.ts': {
    'a shorter way to the same outcome': [
      'softTimeoutMs === undefined && hardTimeoutMs === undefined && signal === undefined → false',
    ],
    'callers have looked at their signal in the same tick': ['signal.aborted → false'],
    'the listener is removed in any case': ['{ once: true } → {}', 'true → false'],
  },
  'engine/read/in-order.ts': {
    'a value that is there is in the map as well': ['value !== undefined → false'],
  },
};

export const EQUIVALENTS = [READ].flatMap((files) =>
  Object.entries(files).flatMap(([file, reasons]) =>
    Object.entries(reasons).flatMap(([reason, changes]) => changes.map((change) => ({ file, change, reason }))),
  ),
);
