import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { ProblemException } from '../../../common/http/problems/problem.exception.js';
import { cacheConfig, type CacheConfigValues } from '../../cache/index.js';
import { REDIS_POOL, type RedisPool } from '../../redis/index.js';
import { ROOT_NAMESPACE } from './vector-caches.js';

const SCAN_COUNT = 500;

/** Where a vector is stored. */
export interface VectorLocation {
  /** The namespace below `embeddings`, as `shared/gemini-embedding-2`. */
  readonly path: string;
  readonly key: string;
}

/** Finds stored vectors by scanning Redis. It is slow and not for requests of clients. It may return vectors that were just purged. */
@Injectable()
export class VectorScanner {
  private readonly slotPattern: RegExp;

  constructor(
    @Inject(REDIS_POOL) private readonly pool: RedisPool | null,
    @Inject(cacheConfig.KEY) private readonly config: CacheConfigValues,
  ) {
    // In a Cluster the number of the partition follows the name.
    const prefix = `\\{${config.namespace.replaceAll('.', '\\.')}(:\\d+)?\\}`;
    this.slotPattern = new RegExp(`^${prefix}:v:${ROOT_NAMESPACE}/(?<path>[^:]+):(?<key>.+)$`);
  }

  /**
   * Every stored vector at or below a path, in batches; only those in the caller's namespace `namespace`, if given.
   *
   * @throws ProblemException 409 without Redis: the memory tier can't be scanned.
   */
  async *scan(path = '', namespace?: string): AsyncGenerator<readonly VectorLocation[], void> {
    if (!this.pool)
      throw new ProblemException(409, { title: 'There is no Redis', detail: 'Only vectors in Redis can be listed.' });
    const client = this.pool.client('bulk');
    const nodes: Redis[] = 'nodes' in client ? client.nodes('master') : [client];
    const below = [ROOT_NAMESPACE, ...(path === '' ? [] : [path])].join('/');
    const key = namespace === undefined ? '*' : `${namespace}/*`;
    for (const node of nodes) {
      for (const end of [`:${key}`, `/*:${key}`]) {
        const match = `{${this.config.namespace}*}:v:${below}${end}`;
        for await (const slots of node.scanStream({ match, count: SCAN_COUNT }))
          yield (slots as string[]).flatMap((slot) => this.parse(slot));
      }
    }
  }

  private parse(slot: string): VectorLocation[] {
    const { path, key } = this.slotPattern.exec(slot)?.groups ?? {};
    return path === undefined || key === undefined ? [] : [{ path, key }];
  }
}
