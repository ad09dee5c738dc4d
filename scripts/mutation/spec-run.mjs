/**
 * Jest's globals in one process that stays warm: spec files are imported once, and then run as often as there are mutants.
 * A run of all unit specs of the engine takes seconds, one of a few tests milliseconds.
 *
 * Not here: mocks, snapshots, `done` callbacks, tests that run side by side.
 */
import { expect } from 'expect';
import { bind } from 'jest-each';

/** A test may take this long, and this many times as long as it took without a mutant. Past it the mutant made it hang. */
const MIN_LIMIT_MS = 1_000;
const LIMIT_FACTOR = 10;
const FIRST_LIMIT_MS = 60_000;

class Suite {
  beforeAll = [];
  afterAll = [];
  beforeEach = [];
  afterEach = [];

  constructor(title, parent, file) {
    this.title = title;
    this.parent = parent;
    this.file = file;
    this.path = parent === undefined ? [] : [...parent.path, this];
  }
}

let current;
const tests = [];
const ids = new Map();

/** Defines Jest's globals, imports the spec files and returns their tests. */
export async function collectTests(files) {
  defineGlobals();
  for (const file of files) {
    current = new Suite('', undefined, file.name);
    current.path = [current];
    await import(file.url);
  }
  return tests;
}

/**
 * Runs tests one after another, with the hooks around them, and hands over each result.
 *
 * @param {(id: string) => boolean} isWanted
 * @param {(result: { id: string, error?: Error, ms: number }) => boolean} onResult `true` ends the run.
 */
export async function runTests(isWanted, onResult, onStart = () => undefined) {
  const wanted = tests.filter(({ id }) => isWanted(id));
  const open = [];
  let setUpError;
  const close = async (keep) => {
    while (open.length > keep) {
      const suite = open.pop();
      for (const hook of suite.afterAll) await limited(hook, FIRST_LIMIT_MS).catch(() => undefined);
    }
  };
  for (const test of wanted) {
    let shared = 0;
    while (shared < open.length && open[shared] === test.suite.path[shared]) shared++;
    await close(shared);
    if (open.length < shared || open.length === 0) setUpError = undefined;
    onStart(test.id);
    for (const suite of test.suite.path.slice(open.length)) {
      open.push(suite);
      for (const hook of suite.beforeAll) await limited(hook, limitOf(test)).catch((error) => (setUpError = error));
    }
    const startedAt = performance.now();
    const error = setUpError ?? (await runTest(test));
    const ms = performance.now() - startedAt;
    test.ms ??= ms;
    if (onResult({ id: test.id, error, ms })) break;
  }
  await close(0);
}

async function runTest(test) {
  const limitMs = limitOf(test);
  let failure;
  const step = async (run, isLast) => {
    try {
      if (failure === undefined || isLast) await limited(run, limitMs);
    } catch (error) {
      failure ??= toError(error);
    }
  };
  const onUncaught = (error) => (failure ??= toError(error));
  process.on('uncaughtException', onUncaught);
  for (const suite of test.suite.path) for (const hook of suite.beforeEach) await step(hook);
  await step(test.run);
  for (const suite of test.suite.path.toReversed()) for (const hook of suite.afterEach) await step(hook, true);
  process.off('uncaughtException', onUncaught);
  return failure;
}

function limitOf({ ms }) {
  return ms === undefined ? FIRST_LIMIT_MS : MIN_LIMIT_MS + LIMIT_FACTOR * ms;
}

async function limited(run, limitMs) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Took longer than ${Math.round(limitMs)} ms`)), limitMs);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function toError(error) {
  return error instanceof Error ? error : new Error(String(error));
}

function defineGlobals() {
  const describe = (title, define) => {
    const outer = current;
    current = new Suite(title, outer, outer.file);
    define();
    current = outer;
  };
  const it = (title, run) => {
    const titles = current.path.map((suite) => suite.title).filter((part) => part !== '');
    const name = [current.file, ...titles, title].join(' > ');
    const count = (ids.get(name) ?? 0) + 1;
    ids.set(name, count);
    tests.push({ id: count === 1 ? name : `${name} (${count})`, file: current.file, suite: current, run });
  };
  describe.each = bind(describe, false);
  it.each = bind(it, false);
  const hook = (kind) => (run) => current[kind].push(run);
  Object.assign(globalThis, { describe, it, test: it, expect });
  for (const kind of ['beforeAll', 'afterAll', 'beforeEach', 'afterEach']) globalThis[kind] = hook(kind);
}
