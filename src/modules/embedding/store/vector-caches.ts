import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CACHE } from '../../cache/index.js';
import type { Cache } from '../../cache/index.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import type { Tenant } from '../embedding.types.js';

const ROOT = 'embeddings';

/**
 * Where vectors are kept: one cache a model, below `embeddings`, and below a tenant's own part when it is isolated. So a
 * model is purged in one step, and an operator can tell models apart in Redis.
 */
@Injectable()
export class VectorCaches {
  private readonly root: Cache;
  private readonly caches = new Map<string, Cache>();

  constructor(@Inject(CACHE) cache: Cache, @Inject(embeddingConfig.KEY) config: EmbeddingConfig) {
    this.root = cache.namespace(ROOT, { ttlMs: config.ttlMs });
  }

  of(model: string, tenant: Tenant): Cache {
    const owner = tenant.isIsolated ? `tenant.${tenant.name}` : 'shared';
    const name = `${owner}/${model}`;
    let cache = this.caches.get(name);
    if (!cache) {
      cache = this.root.namespace(namespacePart(owner)).namespace(namespacePart(model));
      this.caches.set(name, cache);
    }
    return cache;
  }
}

/** A model's name as a part of a namespace, which takes fewer characters. */
function namespacePart(name: string): string {
  const plain = name.replaceAll(/[^\w.-]/g, '_');
  return plain === name && name.length <= 64
    ? name
    : `${plain.slice(0, 50)}.${hash('sha256', name, 'hex').slice(0, 12)}`;
}
