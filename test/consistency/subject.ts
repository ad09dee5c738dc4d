import type { KeySpec } from './world.js';

/** The cached value: its key, and its version. */
export interface Versioned {
  readonly key: number;
  readonly version: number;
}

/** Options that a loader may set for its result. */
export interface LoadSide {
  addTags(tags: readonly string[]): void;
}

/** Reads the source of truth for keys of one space; may be slow and may fail. */
export type SourceLoader = (keys: readonly KeySpec[], side: LoadSide) => Promise<Versioned[]>;

/** How a value is kept; a subject uses what it has. */
export interface KeepOptions {
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly softTimeoutMs?: number | undefined;
  readonly hardTimeoutMs?: number | undefined;
  readonly earlyRefreshBeta?: number | undefined;
  /** Loads even if an entry is stored, and stores the result. */
  readonly isRefresh?: boolean | undefined;
}

export type Ack = 'applied' | 'queued';

/**
 * A cache under the history checker: one instance of it, in one process. Every method of an invalidation resolves when
 * the cache says that it is done.
 */
export interface Subject {
  /** Whether reads may be asked to be strict. */
  readonly hasStrictReads: boolean;
  get(key: KeySpec, isStrict: boolean): Promise<Versioned | undefined>;
  getMany(keys: readonly KeySpec[], isStrict: boolean): Promise<Versioned[]>;
  getOrLoad(key: KeySpec, load: SourceLoader, options: KeepOptions, isStrict: boolean): Promise<Versioned>;
  getOrLoadMany(keys: readonly KeySpec[], load: SourceLoader, options: KeepOptions): Promise<Versioned[]>;
  set(key: KeySpec, value: Versioned, options: KeepOptions): Promise<Ack>;
  delete(keys: readonly KeySpec[]): Promise<Ack>;
  invalidateTags(space: number, tags: readonly string[]): Promise<Ack>;
  /** Soft: entries become stale; no promise is made about later reads. `undefined` when there is no such thing. */
  expireTags: ((space: number, tags: readonly string[]) => Promise<unknown>) | undefined;
  clear(space: number): Promise<Ack>;
  /** Counts for the report: hits by tier and the like. */
  stats(): Record<string, number>;
  close(): Promise<void>;
}

/** Settings of a subject. */
export interface SubjectOptions {
  readonly redisUrl: string;
  /** Survives the process: an outbox may be kept in it. */
  readonly outboxFile: string;
  /** To be called when everything that was reported as queued has been sent. */
  readonly onDrained: () => void;
}

export type SubjectFactory = (options: SubjectOptions) => Subject | Promise<Subject>;
