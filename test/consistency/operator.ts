import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../support/seeded-random.js';
import { type FromWorker, type InvalidationEvent, type Operation, OPERATIONS, type WorkerSetup } from './protocol.js';
import type { SourceOfTruth } from './source-of-truth.js';
import type { Ack, KeepOptions, SourceLoader, Subject, Versioned } from './subject.js';
import {
  KEYS_BY_SPACE,
  type KeySpec,
  keysTagged,
  keysUnder,
  MAX_LOAD_MS,
  nowMs,
  QUIET_SPACE,
  SPACES,
  TAGS,
} from './world.js';

/** Where an operator's events go. */
export interface OperatorSink {
  read(operation: number, key: number, startMs: number, endMs: number, version: number): void;
  send(message: FromWorker): void;
}

/** A loader that failed on purpose. */
class SourceFailure extends Error {}

/** Every this many operations, one of each kind; the rest are loads. */
const WEIGHTS: readonly (readonly [Operation, number])[] = [
  ['get', 24],
  ['getMany', 6],
  ['getOrLoad', 40],
  ['getOrLoadMany', 6],
  ['strict get', 5],
  ['strict getMany', 2],
  ['strict getOrLoad', 4],
  ['set', 3],
  ['delete', 5],
  ['invalidateTags', 3],
  ['expireTags', 0.5],
  ['clear', 0.2],
];
const TOTAL_WEIGHT = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);
/** An operation that takes longer hangs. */
const HANG_MS = 15_000;

/** Does random operations on one cache and records its answers. */
export class Operator {
  private readonly random: () => number;
  private readonly grants = new Map<number, (versions: readonly number[]) => void>();
  private loops: Promise<void>[] = [];
  private isRunning = false;
  private nextId = 0;
  private count = 0;

  constructor(
    private readonly subject: Subject,
    private readonly setup: WorkerSetup,
    private readonly source: SourceOfTruth,
    private readonly sink: OperatorSink,
  ) {
    this.random = seededRandom(setup.seed * 31 + setup.worker * 1_000 + setup.incarnation);
  }

  run(): void {
    this.isRunning = true;
    this.loops = Array.from({ length: this.setup.loops }, () => this.loop());
  }

  /** Resolves when no operation is under way, or those that are hang. */
  async pause(): Promise<void> {
    this.isRunning = false;
    await Promise.race([Promise.all(this.loops), delay(HANG_MS)]);
  }

  /** Operations since the last call. */
  takeCount(): number {
    const { count } = this;
    this.count = 0;
    return count;
  }

  written(id: number, versions: readonly number[]): void {
    this.grants.get(id)?.(versions);
    this.grants.delete(id);
  }

  private async loop(): Promise<void> {
    while (this.isRunning) {
      const operation = this.drawOperation();
      try {
        await this.guard(operation, this.perform(operation));
      } catch (error) {
        if (!isExpected(error))
          this.sink.send({ type: 'error', operation, message: error instanceof Error ? error.message : String(error) });
      }
      this.count++;
      const { pauseMs } = this.setup;
      if (pauseMs > 0) await delay(this.random() * 2 * pauseMs);
      else await nextTurn();
    }
  }

  private async guard(operation: Operation, work: Promise<void>): Promise<void> {
    const report = (): void => this.sink.send({ type: 'error', operation, message: `took more than ${HANG_MS} ms` });
    const timer = setTimeout(report, HANG_MS);
    try {
      await work;
    } finally {
      clearTimeout(timer);
    }
  }

  private perform(operation: Operation): Promise<void> {
    const { subject } = this;
    const isStrict = operation.startsWith('strict');
    switch (operation) {
      case 'get':
      case 'strict get': {
        const key = this.drawKey();
        return this.read(operation, async () => [await subject.get(key, isStrict)]);
      }
      case 'getMany':
      case 'strict getMany': {
        const keys = this.drawKeys();
        return this.read(operation, () => subject.getMany(keys, isStrict));
      }
      case 'getOrLoad':
      case 'strict getOrLoad': {
        const key = this.drawKey();
        return this.read(operation, async () => [
          await subject.getOrLoad(key, this.load, this.drawOptions(), isStrict),
        ]);
      }
      case 'getOrLoadMany': {
        const keys = this.drawKeys();
        return this.read(operation, () => subject.getOrLoadMany(keys, this.load, this.drawOptions()));
      }
      case 'set':
        return this.put(this.drawPutKey());
      case 'delete':
        return this.evict();
      case 'invalidateTags':
        return this.invalidateTags();
      case 'expireTags':
        return this.expireTags();
      case 'clear':
        return this.clear();
    }
  }

  private async read(operation: Operation, ask: () => Promise<readonly (Versioned | undefined)[]>): Promise<void> {
    const startMs = nowMs();
    const values = await ask();
    const endMs = nowMs();
    const code = OPERATIONS.indexOf(operation);
    for (const value of values) if (value !== undefined) this.sink.read(code, value.key, startMs, endMs, value.version);
  }

  /** Writes through, alone among the writers of the key. */
  private async put(key: KeySpec): Promise<void> {
    const [version] = await this.write([key], true);
    try {
      const required = [[key.index, version!]] as const;
      if (this.random() < 0.8)
        await this.record('set', key.name, required, () =>
          this.subject.set(key, { key: key.index, version: version! }, this.drawOptions()),
        );
      else await this.record('delete', key.name, required, () => this.subject.delete([key]));
    } finally {
      this.sink.send({ type: 'release', key: key.index });
    }
  }

  private async evict(): Promise<void> {
    const keys = this.drawKeys(this.drawChangedSpace())
      .slice(0, 3)
      .filter(({ kind }) => kind === 'evicted');
    if (keys.length === 0) return;
    await this.change(keys);
    await this.record('delete', keys.map(({ name }) => name).join(' '), this.requiredOf(keys), () =>
      this.subject.delete(keys),
    );
  }

  private async invalidateTags(): Promise<void> {
    const space = this.drawChangedSpace();
    const tags = TAGS.filter(() => this.random() < 0.35);
    if (tags.length === 0) return;
    const keys = keysTagged(space, tags);
    await this.change(keys);
    await this.record('invalidateTags', `${SPACES[space]}: ${tags.join(' ')}`, this.requiredOf(keys), () =>
      this.subject.invalidateTags(space, tags),
    );
  }

  private async expireTags(): Promise<void> {
    await this.subject.expireTags?.(this.drawChangedSpace(), [TAGS[Math.floor(this.random() * TAGS.length)]!]);
  }

  /** Rarely of the root, which covers the quiet namespace too. */
  private async clear(): Promise<void> {
    const space = this.random() < 0.03 ? 0 : 1 + Math.floor(this.random() * 2);
    const keys = keysUnder(space);
    await this.change(keys);
    await this.record('clear', SPACES[space] || '(root)', this.requiredOf(keys), () => this.subject.clear(space));
  }

  /** Gives some of the keys that may be written without exclusion a new version. */
  private async change(keys: readonly KeySpec[]): Promise<void> {
    const changed = keys.filter(({ kind }) => kind === 'evicted' && this.random() < 0.7);
    if (changed.length > 0) await this.write(changed, false);
  }

  private write(keys: readonly KeySpec[], isExclusive: boolean): Promise<readonly number[]> {
    const id = this.nextId++;
    this.sink.send({ type: 'write', id, keys: keys.map(({ index }) => index), isExclusive });
    return new Promise((resolve) => this.grants.set(id, resolve));
  }

  private requiredOf(keys: readonly KeySpec[]): InvalidationEvent['required'] {
    return keys.map(({ index }) => [index, this.source.read(index)] as const);
  }

  private async record(
    operation: Operation,
    target: string,
    required: InvalidationEvent['required'],
    invalidate: () => Promise<Ack>,
  ): Promise<void> {
    const startMs = nowMs();
    const status = await invalidate();
    this.sink.send({
      type: 'invalidation',
      event: { worker: this.setup.worker, operation, target, startMs, ackMs: nowMs(), status, required },
    });
  }

  /** Mostly fast, sometimes slow, now and then failing; reads the source first, as a query does. */
  private readonly load: SourceLoader = async (keys, side) => {
    const values = keys.map(({ index }) => ({ key: index, version: this.source.read(index) }));
    const pace = this.random();
    if (pace > 0.9) await delay(50 + this.random() * (MAX_LOAD_MS - 50));
    else if (pace > 0.5) await delay(this.random() * 20);
    if (this.random() < 0.05) throw new SourceFailure('The source fails now and then.');
    for (const { lateTags } of keys) if (lateTags.length > 0) side.addTags(lateTags);
    return values;
  };

  private drawOperation(): Operation {
    let at = this.random() * TOTAL_WEIGHT;
    for (const [operation, weight] of WEIGHTS) {
      at -= weight;
      if (at >= 0) continue;
      return operation.startsWith('strict') && !this.subject.hasStrictReads
        ? (operation.slice('strict '.length) as Operation)
        : operation;
    }
    return 'getOrLoad';
  }

  private drawOptions(): KeepOptions {
    const draw = this.random;
    return {
      ttlMs: [50, 1_000, 20_000][Math.floor(draw() * 3)]!,
      graceMs: draw() < 0.4 ? 2_000 : 0,
      softTimeoutMs: draw() < 0.2 ? Math.floor(draw() * 30) : undefined,
      hardTimeoutMs: draw() < 0.1 ? 100 : undefined,
      earlyRefreshBeta: draw() < 0.3 ? 1 : undefined,
      isRefresh: draw() < 0.03,
    };
  }

  private drawSpace(): number {
    return Math.floor(this.random() * SPACES.length);
  }

  /** Where something is changed. */
  private drawChangedSpace(): number {
    return this.random() < 0.02 ? QUIET_SPACE : Math.floor(this.random() * QUIET_SPACE);
  }

  /** A few keys are hot: that is where races are. */
  private drawKey(): KeySpec {
    const keys = KEYS_BY_SPACE[this.drawSpace()]!;
    return keys[Math.floor(this.random() ** 2 * keys.length)]!;
  }

  private drawKeys(space = this.drawSpace()): KeySpec[] {
    const keys = KEYS_BY_SPACE[space]!;
    const from = Math.floor(this.random() * keys.length);
    return Array.from({ length: 2 + Math.floor(this.random() * 4) }, (_, i) => keys[(from + i) % keys.length]!);
  }

  private drawPutKey(): KeySpec {
    const keys = KEYS_BY_SPACE[this.drawChangedSpace()]!.filter(({ kind }) => kind === 'put');
    return keys.length > 0 ? keys[Math.floor(this.random() * keys.length)]! : this.drawPutKey();
  }
}

/** Errors that an application would handle: the source failed, or took too long. */
function isExpected(error: unknown): boolean {
  return error instanceof SourceFailure || (error instanceof Error && error.name === 'LoadTimeoutError');
}
