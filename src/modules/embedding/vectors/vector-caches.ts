import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Cache, CACHE } from '../../cache/index.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import type { Tenant } from '../embedding.types.js';

/** The namespace all vectors are below. */
export const ROOT_NAMESPACE = 'embeddings';
/** A vector costs hundreds of milliseconds and money: a Redis that is late is worth waiting for, one that is away is found out once. */
const READ_PATIENCE_MS = 500;

/** Whose vectors: of an owner, and of one model or all. */
export interface VectorCollection {
  readonly tenant: Pick<Tenant, 'name' | 'isIsolated'>;
  /** Default all of the owner's. */
  readonly model?: string | undefined;
}

/**
 * Where vectors are kept: below `embeddings`, one namespace an owner (`shared`, or an isolated tenant), below it one a
 * model. So each is purged in one step, and told apart in Redis. What callers name in `x-embed-namespace` is a prefix of
 * their keys and a tag instead: callers may make up names without end, and nothing is kept of a tag that is not in use.
 */
@Injectable()
export class VectorCaches {
  private readonly root: Cache;

  constructor(@Inject(CACHE) cache: Cache, @Inject(embeddingConfig.KEY) config: EmbeddingConfig) {
    this.root = cache.namespace(ROOT_NAMESPACE, {
      ttlMs: config.ttlMs,
      minReadTimeoutMs: READ_PATIENCE_MS,
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

/** Where a collection's vectors are, below `embeddings`. */
export function pathOf({ model, tenant }: VectorCollection): string {
  const owner = tenant.isIsolated ? `tenant.${tenant.name}` : 'shared';
  return [owner, ...(model === undefined ? [] : [model])].map(namespacePart).join('/');
}

/** Tags of the vectors in a namespace that callers name: what a purge of it invalidates. */
export function tagsOf(namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [] : [`namespace:${namespace}`];
}

/** A model's or a tenant's name as part of a namespace, which takes fewer characters. */
function namespacePart(name: string): string {
  const plain = name.replaceAll(/[^\w.-]/g, '_');
  return plain === name && name.length <= 64
    ? name
    : `${plain.slice(0, 50)}.${hash('sha256', name, 'hex').slice(0, 12)}`;
}
