import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Cache, CACHE } from '../../cache/index.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import type { Tenant } from '../embedding.types.js';

/** The namespace of all vectors. */
export const ROOT_NAMESPACE = 'embeddings';
/** Computing a vector takes hundreds of milliseconds and costs money, so a slow Redis is worth this wait. The monitor notices a Redis that is away after the first one. */
const MIN_READ_TIMEOUT_MS = 500;

/** A set of vectors: those of one owner, for one model or for all. */
export interface VectorCollection {
  readonly tenant: Pick<Tenant, 'name' | 'isIsolated'>;
  /** Default all models. */
  readonly model?: string | undefined;
}

/**
 * The caches of vectors: below `embeddings` one namespace per owner (`shared`, or an isolated tenant), below it one per
 * model. So each is purged in one step and can be told apart in Redis. The namespace of `x-embed-namespace` is a prefix of
 * keys and a tag instead: callers may invent any number of names, and an unused tag takes no memory.
 */
@Injectable()
export class VectorCaches {
  private readonly root: Cache;

  constructor(@Inject(CACHE) cache: Cache, @Inject(embeddingConfig.KEY) config: EmbeddingConfig) {
    this.root = cache.namespace(ROOT_NAMESPACE, {
      ttlMs: config.ttlMs,
      minReadTimeoutMs: MIN_READ_TIMEOUT_MS,
      // The budget of a batch, and the call it ends with.
      maxLoadMs: config.upstreamBudgetMs + config.upstreamTimeoutMs,
    });
  }

  of(collection: VectorCollection): Cache {
    return this.at(pathOf(collection));
  }

  /** The cache of a path that {@link pathOf} made. */
  at(path: string): Cache {
    return path.split('/').reduce((parent, name) => parent.namespace(name), this.root);
  }
}

/** The path of a collection's namespace, below `embeddings`. */
export function pathOf({ model, tenant }: VectorCollection): string {
  const owner = tenant.isIsolated ? `tenant.${tenant.name}` : 'shared';
  return [owner, ...(model === undefined ? [] : [model])].map(namespacePart).join('/');
}

/** Tags of the vectors in a caller's namespace. A purge of the namespace invalidates them. */
export function tagsOf(namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [] : [`namespace:${namespace}`];
}

/** A model's or a tenant's name as part of a namespace, which allows fewer characters. */
function namespacePart(name: string): string {
  const plain = name.replaceAll(/[^\w.-]/g, '_');
  return plain === name && name.length <= 64
    ? name
    : `${plain.slice(0, 50)}.${hash('sha256', name, 'hex').slice(0, 12)}`;
}
