import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { StoredVersion } from '../ports/remote-tier.js';
import type { Dependency } from '../versions/dependency-table.js';
import type { Version } from '../versions/version.js';

/** Versions that several entries share are kept this many times as long as an entry, so that not every entry prolongs them. */
const SHARED_FACTOR = 2;

/**
 * The versions that an entry is about to be stored under, to be kept as long as the entry. From now on its user is not their
 * lone user any more: what it sends may arrive, whatever the answer.
 *
 * @param versions of `dependencies`, in their order, all known.
 */
export function storedVersions(
  user: object,
  dependencies: readonly Dependency[],
  versions: ReadonlyArray<Version | undefined>,
  { staleUntilMs, storedAtMs }: Pick<EnvelopeHeader, 'staleUntilMs' | 'storedAtMs'>,
): StoredVersion[] {
  const ttlMs = Math.max(1, Math.ceil(staleUntilMs - storedAtMs));
  return dependencies.map((dependency, i) => {
    const { id, keptUntilMs } = dependency;
    const version = versions[i]!;
    const isCurrent = dependency.version === version;
    const isLone = isCurrent && dependency.isUsedOnlyBy(user);
    if (isLone) dependency.endLoneUse();
    const keepMs = isLone ? ttlMs : SHARED_FACTOR * ttlMs;
    return { id, version, keptUntilMs: isCurrent ? keptUntilMs : 0, keepMs, isLone };
  });
}

/** Redis keeps the versions for an entry that was sent at `sentAtMs`. */
export function recordKept(
  dependencies: readonly Dependency[],
  stored: readonly StoredVersion[],
  sentAtMs: number,
): void {
  dependencies.forEach((dependency, i) => {
    const { version, isLone, keepMs } = stored[i]!;
    const untilMs = sentAtMs + keepMs;
    if (dependency.version === version)
      dependency.keptUntilMs = isLone ? untilMs : Math.max(dependency.keptUntilMs, untilMs);
  });
}

/** Redis has lost or replaced one of the versions: they are asked for again before they are used again. */
export function recordLost(dependencies: readonly Dependency[], stored: readonly StoredVersion[]): void {
  dependencies.forEach((dependency, i) => {
    if (dependency.version === stored[i]!.version) dependency.keptUntilMs = 0;
  });
}
