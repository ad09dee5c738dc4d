import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { Namespace } from '../names/namespace.js';
import type { Dependency } from '../versions/dependency-table.js';
import type { Version } from '../versions/version.js';

/**
 * The versions of an entry as its header carries them.
 *
 * @param dependencies generations of the namespace first, then tags.
 * @param versions of `dependencies`, in their order, all known.
 */
export function versionsInHeader(
  namespace: Namespace,
  dependencies: readonly Dependency[],
  versions: ReadonlyArray<Version | undefined>,
): Pick<EnvelopeHeader, 'generations' | 'tags'> {
  const depth = namespace.generations.length;
  const known = versions as readonly Version[];
  return {
    generations: known.slice(0, depth),
    tags: dependencies.slice(depth).map(({ id }, i) => ({ tag: namespace.tagOf(id), version: known[depth + i]! })),
  };
}
