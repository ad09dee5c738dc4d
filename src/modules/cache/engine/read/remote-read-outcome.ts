import type { RemoteEntry, SlotResult } from '../remote/remote-entry.js';

/** The outcome of a read of Redis, for the load that follows. */
export interface RemoteReadOutcome {
  /** A stale entry. */
  readonly entry: RemoteEntry | undefined;
  readonly seenStoredAtMs: number | undefined;
  readonly isRemoteSilent: boolean;
  readonly late: Promise<SlotResult | undefined> | undefined;
}

export const NOT_READ: RemoteReadOutcome = {
  entry: undefined,
  seenStoredAtMs: undefined,
  isRemoteSilent: false,
  late: undefined,
};

/** @param result `undefined`: Redis did not answer. */
export function toOutcome(result: SlotResult | undefined): RemoteReadOutcome {
  const late = result?.late;
  const isRemoteSilent = result === undefined || late !== undefined;
  return { entry: result?.entry, seenStoredAtMs: result?.seenStoredAtMs, isRemoteSilent, late };
}
