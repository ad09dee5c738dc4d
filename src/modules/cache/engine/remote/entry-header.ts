import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { Scope } from '../names/namespace.js';
import type { Dependency } from '../versions/dependency-table.js';
import type { Version } from '../versions/version.js';

/** Dependencies in an entry's header: generations first, then tags with the names entries carry. */
export function splitVersions(
  scope: Scope,
  dependencies: readonly Dependency[],
  versions: readonly Version[],
): Pick<EnvelopeHeader, 'generations' | 'tags'> {
  const depth = scope.generations.length;
  return {
    generations: versions.slice(0, depth),
    tags: dependencies
      .slice(depth)
      .map((dependency, i) => ({ tag: scope.tagOf(dependency.id), version: versions[depth + i]! })),
  };
}
