import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { ProblemException } from '../../../common/http/problem.exception.js';
import { cacheConfig, type CacheConfigValues } from '../../cache/index.js';
import { REDIS_POOL, type RedisPool } from '../../redis/index.js';
import { ROOT_NAMESPACE } from './vector-caches.js';

const SCAN_COUNT = 500;

/** A stored vector's place. */
export interface StoredKey {
  /** Below `embeddings`, as `shared/gemini-embedding-2`. */
  readonly path: string;
  readonly key: string;
}

/** Finds what is stored, by walking Redis: slow, and of no use while serving. May name vectors that were just purged. */
@Injectable()
export class VectorKeys {
  constructor(
    @Inject(REDIS_POOL) private readonly pool: RedisPool | null,
    @Inject(cacheConfig.KEY) private readonly config: CacheConfigValues,
  ) {}

  /**
   * Every stored vector at or below a path, some at a time.
   *
   * @throws ProblemException 409 without Redis: the memory tier is not walked.
   */
  async *scan(path = ''): AsyncGenerator<readonly StoredKey[], void> {
    if (!this.pool)
      throw new ProblemException(409, { title: 'There is no Redis', detail: 'Only vectors in Redis can be listed.' });
    const client = this.pool.client('bulk');
    const nodes: Redis[] = 'nodes' in client ? client.nodes('master') : [client];
    const below = [ROOT_NAMESPACE, ...(path === '' ? [] : [path])].join('/');
    for (const node of nodes) {
      for (const end of [':*', '/*']) {
        const match = `{${this.config.namespace}*}:v:${below}${end}`;
        for await (const slots of node.scanStream({ match, count: SCAN_COUNT }))
          yield (slots as string[]).flatMap(parse);
      }
    }
  }
}

function parse(slot: string): StoredKey[] {
  const { path, key } = new RegExp(`:v:${ROOT_NAMESPACE}/(?<path>[^:]+):(?<key>.+)$`).exec(slot)?.groups ?? {};
  return path === undefined || key === undefined ? [] : [{ path, key }];
}
