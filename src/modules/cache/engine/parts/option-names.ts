import type { EntryOptions, LoadManyOptions, NamespaceOptions, ReadOptions } from '../contract/cache.js';

/** Names of a set of options. A name that is missing here does not compile. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

export const ENTRY_OPTIONS: OptionNames<EntryOptions> = {
  ttlMs: true,
  graceMs: true,
  tags: true,
  jitter: true,
  tiers: true,
  compressAboveBytes: true,
};

const LOAD_TIMES = {
  softTimeoutMs: true,
  hardTimeoutMs: true,
  failSafeThrottleMs: true,
  negativeTtlMs: true,
  earlyRefreshBeta: true,
} as const;

export const CALL_OPTIONS: OptionNames<LoadManyOptions> = {
  ...ENTRY_OPTIONS,
  ...LOAD_TIMES,
  consistency: true,
  signal: true,
  shouldStore: true,
  onUnstorable: true,
  tagsOf: true,
};

export const READ_OPTIONS: OptionNames<ReadOptions> = { consistency: true, allowStale: true, countsMisses: true };

export const NAMESPACE_OPTIONS: OptionNames<NamespaceOptions> = {
  ...ENTRY_OPTIONS,
  ...LOAD_TIMES,
  maxConcurrentLoads: true,
  maxLoadMs: true,
  minReadTimeoutMs: true,
};

/** Earlier names of options. */
const RENAMED: Readonly<Record<string, string>> = { readPatienceMs: 'minReadTimeoutMs' };

/** Names that other libraries use, and the name here. */
const OTHER_LIBRARIES: Readonly<Record<string, string>> = { ttl: 'ttlMs', grace: 'graceMs', gracePeriod: 'graceMs' };

/**
 * Refuses an option that does not exist: ignored, it would leave its caller with a default without a word.
 *
 * @throws TypeError that names the option, and the right one where it is known; also for an option that is `null`.
 */
export function assertOptionNames<T>(options: T | undefined, names: OptionNames<T>): void {
  for (const name in options) {
    if (options[name] === null) throw new TypeError(`${name} is null. Leave it out for its default.`);
    if (Object.hasOwn(names, name) || options[name] === undefined) continue;
    const renamed = RENAMED[name];
    if (renamed !== undefined) throw new TypeError(`The option ${name} is now called ${renamed}.`);
    const right = OTHER_LIBRARIES[name];
    const hint = right === undefined ? `Options here are ${Object.keys(names).join(', ')}.` : `Did you mean ${right}?`;
    throw new TypeError(`There is no option ${name}. ${hint}`);
  }
}
