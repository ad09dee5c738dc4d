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

const LOCAL = {
  'engine/local/memory-sweeper.ts': {
    'a sweep more, which finds nothing and tells nothing': [
      'false → true',
      'this.memory.store.count === 0 → false',
      'this.#step !== undefined → false',
      'true → false',
      '!this.#isRequestedAgain → true',
    ],
    'the length of a step is a matter of taste': [
      'looked < ENTRIES_PER_STEP → looked <= ENTRIES_PER_STEP',
      'looked++ → looked--',
    ],
  },
  'engine/local/queued-values.ts': {
    'a look-up in an empty map finds nothing as well': ['this.#values.size === 0 → false'],
  },
  'engine/local/flight-table.ts': {
    'the check of an unchanged snapshot says current': ['flight.startSequence !== this.table.sequence → true'],
    'a detached flight is not offered, whether or not it is in the map': [
      'this.#joinable.delete(memoryKey); → ;',
      'this.#joinable.clear(); → ;',
    ],
  },
  'engine/local/flight.ts': {
    'set by begin before it is read': ['[] → ["Stryker was here"]'],
    'the table of flights handles every failure': ['this.outcome.catch(() => undefined); → ;'],
    'a time without a start is NaN, which is never too long': ['this.#loaderStartedAtMs === undefined → false'],
    'a settled promise ignores a second outcome': ['true → false'],
    'one failure is there when the last answer comes': ['this.#failure !== undefined → true'],
    'one more controller that aborts with the first': ['this.#controller === undefined → true'],
  },
  'engine/local/memory-entry.ts': {
    'set by the store before it is read': ['\'\' → "Stryker was here!"'],
    'a handler of failures on a promise that can not fail': [
      'isThenable(parts.value) → true',
      "typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function' → true",
      "typeof value.then === 'function' → true",
    ],
    'the shorter way of two to the same answer': [
      'nowMs < this.#freshSteps * STEP_MS → false',
      'this.#freshSteps * STEP_MS → this.#freshSteps / STEP_MS',
      '{ return Math.max(0, Math.min(Math.floor(untilMs / STEP_MS), MAX_STEPS)); } → {}',
      'Math.max(0, Math.min(Math.floor(untilMs / STEP_MS), MAX_STEPS)) → Math.min(0, Math.min(Math.floor(untilMs / STEP_MS), MAX_STEPS))',
    ],
  },
  'engine/local/memory-level.ts': {
    'a tier without room has a bound of 0, never below': ['this.store.maxBytes > 0 → this.store.maxBytes >= 0'],
    'the check that is saved says current': [
      'entry.checkedAt !== this.table.sequence → true',
      "this.table.check(write.snapshot) === 'current' → false",
      '\'current\' → ""',
    ],
    'a value of exactly the bound: the size is an estimate': [
      'valueBytes > this.limits.maxValueBytes → valueBytes >= this.limits.maxValueBytes',
    ],
  },
  'engine/local/write-order.ts': {
    'a wait for a write that has ended, or a list of one': [
      'earlier === undefined → false',
      'operations.size === 0 → false',
    ],
  },
};

export const EQUIVALENTS = [READ, LOCAL].flatMap((files) =>
  Object.entries(files).flatMap(([file, reasons]) =>
    Object.entries(reasons).flatMap(([reason, changes]) => changes.map((change) => ({ file, change, reason }))),
  ),
);
