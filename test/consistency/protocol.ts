import type { SubjectName } from './subjects/subjects.js';
import type { Ack } from './subject.js';

/** Every operation a worker may do. */
export const OPERATIONS = [
  'get',
  'getMany',
  'getOrLoad',
  'getOrLoadMany',
  'strict get',
  'strict getMany',
  'strict getOrLoad',
  'set',
  'delete',
  'invalidateTags',
  'expireTags',
  'clear',
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** One value a worker's cache answered. Times are {@link nowMs}. */
export interface ReadEvent {
  readonly worker: number;
  readonly operation: Operation;
  readonly key: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly version: number;
}

/** An invalidation, or a put, that a worker's cache acknowledged. */
export interface InvalidationEvent {
  readonly worker: number;
  readonly operation: Operation;
  /** Key names or tags, for the trace. */
  readonly target: string;
  readonly startMs: number;
  readonly ackMs: number;
  readonly status: Ack;
  /** Per covered key the version the source had when the invalidation started: older ones are void. */
  readonly required: readonly (readonly [key: number, version: number])[];
}

/** How a worker process is started; its one argument, as JSON. */
export interface WorkerSetup {
  readonly worker: number;
  readonly incarnation: number;
  readonly subject: SubjectName;
  readonly seed: number;
  readonly redisUrl: string;
  readonly outboxFile: string;
  readonly sourceFile: string;
  /** Operations under way at once. */
  readonly loops: number;
  /** Mean pause after an operation, ms; 0 goes on in the next turn of the event loop. */
  readonly pauseMs: number;
}

/** Numbers per read in {@link FromWorker} `reads`. */
export const READ_FIELDS = 5;

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'reads'; readonly reads: Float64Array }
  | { readonly type: 'invalidation'; readonly event: InvalidationEvent }
  | { readonly type: 'drained'; readonly atMs: number }
  /** The event loop was held up: no announcement could be heard meanwhile. */
  | { readonly type: 'stalled'; readonly startMs: number; readonly endMs: number }
  | { readonly type: 'error'; readonly operation: Operation; readonly message: string }
  /** Changes the source: a new version for each key, or, with `isExclusive`, once no other writer holds the key. */
  | { readonly type: 'write'; readonly id: number; readonly keys: readonly number[]; readonly isExclusive: boolean }
  | { readonly type: 'release'; readonly key: number }
  | { readonly type: 'flushed'; readonly stats: Record<string, number>; readonly operations: number };

export type ToWorker =
  | { readonly type: 'run' }
  /** Stop operating, then send the remaining records. */
  | { readonly type: 'pause' }
  | { readonly type: 'written'; readonly id: number; readonly versions: readonly number[] }
  | { readonly type: 'stall'; readonly forMs: number }
  | { readonly type: 'close' };
