import { toMs, type Duration } from '../../../common/duration.js';
import type { EntryBehaviour } from '../decorators/entry-behaviour.js';
import type { EntryOptions, LoadOptions } from '../engine/contract/cache.js';

/** Translates a decorator's options to the engine's. @throws RangeError for an invalid duration. */
export function toEntryOptions({ ttl, grace, jitter, tiers }: EntryBehaviour): EntryOptions {
  return { ttlMs: optionalMs(ttl), graceMs: optionalMs(grace), jitter, tiers };
}

/** As {@link toEntryOptions}, with the options of loading. */
export function toLoadOptions(behaviour: EntryBehaviour): LoadOptions {
  const { negativeTtl, softTimeout, hardTimeout, failSafeThrottle, earlyRefresh, consistency } = behaviour;
  return {
    ...toEntryOptions(behaviour),
    negativeTtlMs: optionalMs(negativeTtl),
    softTimeoutMs: optionalMs(softTimeout),
    hardTimeoutMs: optionalMs(hardTimeout),
    failSafeThrottleMs: optionalMs(failSafeThrottle),
    earlyRefreshBeta: earlyRefresh === undefined ? undefined : Number(earlyRefresh),
    consistency,
  };
}

function optionalMs(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : toMs(duration);
}
