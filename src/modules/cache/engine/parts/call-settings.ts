import type { EntryOptions, LoadManyOptions } from '../contract/cache.js';
import type { Namespace } from '../names/namespace.js';
import type { ReadContext } from '../remote/remote-level.js';
import {
  assertDuration,
  assertFunction,
  assertList,
  assertOneOf,
  assertOptionalDuration,
  assertShare,
  assertSignal,
} from './arguments.js';
import { assertOptionNames, CALL_OPTIONS, ENTRY_OPTIONS } from './option-names.js';

/** Five minutes. */
const DEFAULT_TTL_MS = 300_000;

const DEFAULT_FAIL_SAFE_THROTTLE_MS = 1_000;

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
  readonly failSafeThrottleMs: number;
  readonly negativeTtlMs: number | undefined;
  readonly earlyRefreshBeta: number;
  readonly consistency: 'cached' | 'strict' | 'bypass' | 'refresh';
  readonly readContext: ReadContext;
  readonly signal: AbortSignal | undefined;
  readonly shouldStore: ((value: never) => boolean) | undefined;
  readonly onUnstorable: ((error: Error) => void) | undefined;
  readonly tagsOf: ((key: string) => readonly string[]) | undefined;
}

const TIERS = ['both', 'memory', 'redis'] as const;
const CONSISTENCIES = ['cached', 'strict', 'bypass', 'refresh'] as const;

/** @throws TypeError for an unknown option or a value of the wrong type; RangeError for a number out of range. */
export function settingsOf(namespace: Namespace, options: LoadManyOptions<never> | undefined): CallSettings {
  assertOptionNames(options, CALL_OPTIONS);
  const { defaults } = namespace;
  const tiers = assertOneOf('tiers', options?.tiers ?? defaults.tiers ?? 'both', TIERS);
  const consistency = assertOneOf('consistency', options?.consistency ?? 'cached', CONSISTENCIES);
  if (options?.signal !== undefined) assertSignal(options.signal);
  if (options?.shouldStore !== undefined) assertFunction('shouldStore', options.shouldStore);
  if (options?.onUnstorable !== undefined) assertFunction('onUnstorable', options.onUnstorable);
  if (options?.tagsOf !== undefined) assertFunction('tagsOf', options.tagsOf);
  return {
    ttlMs: assertDuration('ttlMs', options?.ttlMs ?? defaults.ttlMs ?? DEFAULT_TTL_MS),
    graceMs: assertDuration('graceMs', options?.graceMs ?? defaults.graceMs ?? 0),
    tags: assertList('tags', options?.tags ?? defaults.tags ?? []),
    jitter: assertShare('jitter', options?.jitter ?? defaults.jitter ?? 0),
    usesMemory: tiers !== 'redis',
    usesRedis: tiers !== 'memory',
    compressAboveBytes: options?.compressAboveBytes ?? defaults.compressAboveBytes ?? Number.POSITIVE_INFINITY,
    softTimeoutMs: assertOptionalDuration('softTimeoutMs', options?.softTimeoutMs ?? defaults.softTimeoutMs),
    hardTimeoutMs: assertOptionalDuration('hardTimeoutMs', options?.hardTimeoutMs ?? defaults.hardTimeoutMs),
    failSafeThrottleMs: assertDuration(
      'failSafeThrottleMs',
      options?.failSafeThrottleMs ?? defaults.failSafeThrottleMs ?? DEFAULT_FAIL_SAFE_THROTTLE_MS,
    ),
    negativeTtlMs: assertOptionalDuration('negativeTtlMs', options?.negativeTtlMs ?? defaults.negativeTtlMs),
    earlyRefreshBeta: options?.earlyRefreshBeta ?? defaults.earlyRefreshBeta ?? 0,
    consistency,
    readContext: { namespace, isStrict: consistency === 'strict', promotes: tiers !== 'redis' },
    signal: options?.signal,
    shouldStore: options?.shouldStore,
    onUnstorable: options?.onUnstorable,
    tagsOf: options?.tagsOf,
  };
}

/** A ttl shortened by a random share of at most `jitter`, so that entries stored together do not end together. */
export function jittered(ttlMs: number, jitter: number): number {
  return jitter > 0 ? ttlMs * (1 - jitter * Math.random()) : ttlMs;
}

/**
 * Checks the options that a loader sets from its result.
 *
 * @returns the options, with durations as {@link assertDuration} gives them.
 * @throws as {@link settingsOf}.
 */
export function assertEntryOptions(options: EntryOptions): EntryOptions {
  assertOptionNames(options, ENTRY_OPTIONS);
  const { ttlMs, graceMs, jitter, tiers, tags } = options;
  if (jitter !== undefined) assertShare('jitter', jitter);
  if (tiers !== undefined) assertOneOf('tiers', tiers, TIERS);
  if (tags !== undefined) assertList('tags', tags);
  return {
    ...options,
    ...(ttlMs !== undefined && { ttlMs: assertDuration('ttlMs', ttlMs) }),
    ...(graceMs !== undefined && { graceMs: assertDuration('graceMs', graceMs) }),
  };
}
