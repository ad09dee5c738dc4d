import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Cache, CACHE } from '../../cache/index.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import type { Tenant } from '../embedding.types.js';

/** The namespace all vectors are below. */
export const ROOT_NAMESPACE = 'embeddings';
/** Callers name namespaces: this many stay at hand. */
const MAX_AT_HAND = 1_000;

/** Which part of the cache: an owner, a model, and the caller's own namespace. */
export interface VectorScope {
  readonly model: string;
  readonly tenant: Pick<Tenant, 'name' | 'isIsolated'>;
  /** Default the shared part. */
  readonly namespace?: string | undefined;
}

/**
 * Where vectors are kept: below `embeddings`, one namespace an owner (`shared`, or an isolated tenant), below it one a
 * model, below it those that callers name. So each is purged in one step, and told apart in Redis.
 */
@Injectable()
export class VectorCaches {
  private readonly root: Cache;
  private readonly atHand = new Map<string, Cache>();

  constructor(@Inject(CACHE) cache: Cache, @Inject(embeddingConfig.KEY) config: EmbeddingConfig) {
    this.root = cache.namespace(ROOT_NAMESPACE, { ttlMs: config.ttlMs });
  }

  of(scope: VectorScope): Cache {
    return this.at(pathOf(scope));
  }

  /** The cache of a path that {@link pathOf} made. */
  at(path: string): Cache {
    let cache = this.atHand.get(path);
    if (!cache) {
      cache = path.split('/').reduce((parent, name) => parent.namespace(name), this.root);
      const [oldest] = this.atHand.keys();
      if (this.atHand.size >= MAX_AT_HAND && oldest !== undefined) this.atHand.delete(oldest);
      this.atHand.set(path, cache);
    }
    return cache;
  }
}

/** Where a scope's vectors are, below `embeddings`. */
export function pathOf({ model, tenant, namespace }: VectorScope): string {
  const owner = tenant.isIsolated ? `tenant.${tenant.name}` : 'shared';
  return [owner, model, ...(namespace === undefined ? [] : [namespace])].map(namespacePart).join('/');
}

/** A model's or a tenant's name as part of a namespace, which takes fewer characters. */
function namespacePart(name: string): string {
  const plain = name.replaceAll(/[^\w.-]/g, '_');
  return plain === name && name.length <= 64
    ? name
    : `${plain.slice(0, 50)}.${hash('sha256', name, 'hex').slice(0, 12)}`;
}
