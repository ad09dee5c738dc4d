import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './rounds.mjs';

const REQUESTS_PER_SECOND = 200;
const LOADER_MS = 5;
const KEYS = 50;
/** Each changes the source of truth and invalidates. */
const WRITES_PER_SECOND = 20;
/** Writes of a value, of which some fail while Redis is away: those must not be there later. */
const SETS_PER_SECOND = 10;
/** A request that is not answered by then has failed. */
const PATIENCE_MS = 15_000;

/**
 * A steady load on two instances of a cache over one source of truth. Requests are sent by the clock, whether or not
 * those before them were answered, and their latency counts from when they were due.
 */
export class FaultLoad {
  #truth = new Map(Array.from({ length: KEYS }, (_, i) => [`key:${i}`, [performance.now()]]));
  #instances;
  #loops = [];
  #isRunning = true;
  #areWritesOn = true;
  #isStruck = false;
  #samples = [];
  #pending = new Set();
  #failed = 0;
  #failures = new Map();
  #loads = 0;
  #stale = { 100: 0, 1_000: 0, 10_000: 0 };
  #failedSets = [];
  #settledMs = Infinity;
  #struckMs = Infinity;
  #backMs = Infinity;

  constructor(instances) {
    this.#instances = instances;
  }

  start() {
    this.#loops = [
      pace(
        REQUESTS_PER_SECOND,
        () => this.#isRunning,
        (dueMs) => this.#track(this.#request(dueMs)),
      ),
      pace(
        WRITES_PER_SECOND,
        () => this.#isRunning && this.#areWritesOn,
        () => this.#write(),
      ),
      pace(
        SETS_PER_SECOND,
        () => this.#isRunning && this.#areWritesOn,
        () => this.#track(this.#set()),
      ),
    ];
  }

  /** The first answer to any request. */
  async firstAnswer() {
    while (this.#samples.length === 0) await sleep(1);
  }

  /** From here on its latency is that of a Redis that is well. */
  settled() {
    this.#settledMs = performance.now();
  }

  struck() {
    this.#struckMs = performance.now();
    this.#isStruck = true;
  }

  back() {
    this.#backMs = performance.now();
    this.#isStruck = false;
  }

  /** Resolves once one instance gets from Redis a value that the other stored there: to the time since then, ms. */
  async shared(sinceMs = this.#backMs) {
    const [a, b] = this.#instances;
    for (let i = 0; ; i++) {
      const key = `shared:${performance.now()}`;
      let hasLoaded = false;
      const sharing = a
        .getOrLoad(key, async () => (await sleep(LOADER_MS), 'value'))
        .then(() => sleep(5))
        .then(() => b.getOrLoad(key, async () => ((hasLoaded = true), 'other')));
      // While Redis is away such a read may hang; another is tried beside it.
      const isShared = await Promise.race([
        sharing.then(
          () => !hasLoaded,
          () => false,
        ),
        sleep(100).then(() => false),
      ]);
      if (isShared) return Math.max(0, performance.now() - sinceMs);
      if (performance.now() - sinceMs > 60_000) return Infinity;
      await sleep(10);
    }
  }

  stopWriting() {
    this.#areWritesOn = false;
  }

  /** Ends the load, looks at every key once more, and reports. */
  async finish() {
    this.#isRunning = false;
    await Promise.all(this.#loops);
    await Promise.race([Promise.all(this.#pending), sleep(PATIENCE_MS)]);
    const hung = this.#pending.size;
    const wasFailed = this.#failed;
    for (const key of this.#truth.keys())
      for (const instance of this.#instances) await Promise.race([this.#read(instance, key), sleep(PATIENCE_MS)]);
    const during = this.#latencies((dueMs) => dueMs >= this.#struckMs && dueMs <= this.#backMs);
    const before = this.#latencies((dueMs) => dueMs >= this.#settledMs && dueMs < this.#struckMs);
    return {
      requests: this.#samples.length + hung,
      failed: wasFailed + hung,
      reasons: Object.fromEntries(this.#failures),
      p99BeforeMs: percentile(before, 0.99),
      p50Ms: percentile(during, 0.5),
      p99Ms: percentile(during, 0.99),
      worstMs: during.length === 0 ? undefined : Math.max(...during),
      loads: this.#loads,
      stale: Object.values(this.#stale),
      failedSets: this.#failedSets.length,
      ghosts: await this.#ghosts(),
    };
  }

  #latencies(isWanted) {
    return this.#samples.filter(({ dueMs }) => isWanted(dueMs)).map(({ latencyMs }) => latencyMs);
  }

  #track(work) {
    this.#pending.add(work);
    work.finally(() => this.#pending.delete(work));
  }

  async #request(dueMs) {
    const instance = this.#instances[this.#samples.length % 2];
    await this.#read(instance, `key:${Math.floor(Math.random() * KEYS)}`);
    this.#samples.push({ dueMs, latencyMs: performance.now() - dueMs });
  }

  async #read(instance, key) {
    const startedMs = performance.now();
    const history = this.#truth.get(key);
    try {
      const { version } = await instance.getOrLoad(key, () => this.#load(history));
      // How long before the read began its value was no longer true.
      const staleMs = version + 1 < history.length ? startedMs - history[version + 1] : 0;
      for (const boundMs of Object.keys(this.#stale)) if (staleMs >= Number(boundMs)) this.#stale[boundMs]++;
    } catch (error) {
      this.#failed++;
      const reason = String(error?.message ?? error).slice(0, 60);
      this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
    }
  }

  async #load(history) {
    if (performance.now() >= this.#struckMs) this.#loads++;
    const version = history.length - 1;
    await sleep(LOADER_MS);
    return { version };
  }

  #write() {
    const key = `key:${Math.floor(Math.random() * KEYS)}`;
    this.#truth.get(key).push(performance.now());
    Promise.resolve(this.#instances[0].delete(key)).catch(() => undefined);
  }

  async #set() {
    const isDuring = this.#isStruck;
    const key = `set:${performance.now()}`;
    const wasApplied = await Promise.resolve(this.#instances[0].set(key, { key })).catch(() => false);
    if (isDuring && !wasApplied) this.#failedSets.push(key);
  }

  /** Sets that were told to have failed, and yet are there for the other instance. */
  async #ghosts() {
    let ghosts = 0;
    for (const key of this.#failedSets) {
      const value = await Promise.race([this.#instances[1].get(key), sleep(1_000)]).catch(() => undefined);
      if (value) ghosts++;
    }
    return ghosts;
  }
}

/** Calls `step` so many times a second while `isOn`, catching up when the clock has run ahead. */
async function pace(perSecond, isOn, step) {
  for (let dueMs = performance.now(); isOn(); dueMs += 1_000 / perSecond) {
    while (performance.now() < dueMs) await sleep(1);
    step(dueMs);
  }
}
