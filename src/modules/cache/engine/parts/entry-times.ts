/** The times of an entry, on the clock that `nowMs` was read from. */
export interface EntryTimes {
  readonly storedAtMs: number;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
}

/** Times of an entry that is stored now, fresh for `freshMs` and stale for `graceMs` after that. */
export function entryTimes(nowMs: number, freshMs: number, graceMs: number): EntryTimes {
  return { storedAtMs: nowMs, freshUntilMs: nowMs + freshMs, staleUntilMs: nowMs + freshMs + graceMs };
}
