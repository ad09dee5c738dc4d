import type { EntryOptions, LoadManyOptions } from '../contract/cache.js';
import type { Namespace } from '../names/namespace.js';
import type { ReadContext } from '../remote/remote-level.js';
import { assertOptionNames, CALL_OPTIONS } from './option-names.js';

/** Five minutes. */
const DEFAULT_TTL_MS = 300_000;

/** Options of one call with every default filled in. */
export interface CallSettings {
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly tags: readonly string[];
  readonly jitter: number;
  readonly usesMemory: boolean;
  readonly usesRedis: boolean;
  readonly compressAboveBytes: number;
  readonly softTimeoutMs: number | undefined;
  readonly hardTimeoutMs: number | undefined;
  readonly negativeTtlMs: number | undefined;
  readonly earlyRefreshBeta: number;
  readonly consistency: 'cached' | 'strict' | 'bypass' | 'refresh';
  readonly readContext: ReadContext;
  readonly signal: AbortSignal | undefined;
  readonly shouldStore: ((value: never) => boolean) | undefined;
  readonly tagsOf: ((key: string) => readonly string[]) | undefined;
}

/** @throws RangeError for a negative or NaN duration and for a jitter outside 0 to 1; TypeError for an unknown option. */
export function settingsOf(namespace: Namespace, options: LoadManyOptions<never> | undefined): CallSettings {
  assertOptionNames(options, CALL_OPTIONS);
  const { defaults } = namespace;
  const tiers = options?.tiers ?? defaults.tiers ?? 'both';
  const jitter = assertShare('jitter', options?.jitter ?? defaults.jitter);
  const consistency = options?.consistency ?? 'cached';
  return {
    ttlMs: assertDuration('ttlMs', options?.ttlMs ?? defaults.ttlMs ?? DEFAULT_TTL_MS),
    graceMs: assertDuration('graceMs', options?.graceMs ?? defaults.graceMs ?? 0),
    tags: options?.tags ?? defaults.tags ?? [],
    jitter,
    usesMemory: tiers !== 'redis',
    usesRedis: tiers !== 'memory',
    compressAboveBytes: options?.compressAboveBytes ?? defaults.compressAboveBytes ?? Number.POSITIVE_INFINITY,
    softTimeoutMs: assertOptional('softTimeoutMs', options?.softTimeoutMs ?? defaults.softTimeoutMs),
    hardTimeoutMs: assertOptional('hardTimeoutMs', options?.hardTimeoutMs ?? defaults.hardTimeoutMs),
    negativeTtlMs: assertOptional('negativeTtlMs', options?.negativeTtlMs ?? defaults.negativeTtlMs),
    earlyRefreshBeta: options?.earlyRefreshBeta ?? defaults.earlyRefreshBeta ?? 0,
    consistency,
    readContext: { namespace, isStrict: consistency === 'strict', promotes: tiers !== 'redis' },
    signal: options?.signal,
    shouldStore: options?.shouldStore,
    tagsOf: options?.tagsOf,
  };
}

/** A ttl shortened by a random share of at most `jitter`, so that entries stored together do not end together. */
export function jittered(ttlMs: number, jitter: number): number {
  return jitter > 0 ? ttlMs * (1 - jitter * Math.random()) : ttlMs;
}

/** @throws RangeError for an invalid duration or jitter. */
export function assertEntryOptions({ ttlMs, graceMs, jitter }: EntryOptions): void {
  assertOptional('ttlMs', ttlMs);
  assertOptional('graceMs', graceMs);
  assertShare('jitter', jitter);
}

function assertShare(name: string, value: number | undefined): number {
  if (value === undefined) return 0;
  if (value >= 0 && value <= 1) return value;
  throw new RangeError(`${name} is a share from 0 to 1, not ${value}.`);
}

function assertDuration(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new RangeError(`${name} is a number of milliseconds, 0 or more, not ${String(value)}.`);
}

function assertOptional(name: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : assertDuration(name, value);
}
