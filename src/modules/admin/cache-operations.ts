import { Inject, Injectable, Logger } from '@nestjs/common';
import { ProblemException } from '../../common/http/problems/problem.exception.js';
import { CACHE, type Cache, type WriteReceipt } from '../cache/index.js';
import type { InvalidationRequest } from './invalidation.schema.js';

/** The result of an invalidation. */
export interface InvalidationOutcome extends WriteReceipt {
  /** Full name of the cache. */
  readonly cache: string;
  readonly operation: 'delete' | 'invalidateTags' | 'expireTags' | 'clear';
  /** Number of keys or tags; 1 for a clear. */
  readonly count: number;
}

/** Operations of operators on caches. Each writes a line to the log with the caller's address, the operation and the number of keys, never the keys. */
@Injectable()
export class CacheOperations {
  private readonly audit = new Logger('Audit');

  constructor(@Inject(CACHE) private readonly root: Cache) {}

  /** @param address of the caller, for the log. @throws ProblemException when a clear is not confirmed by the cache's name. */
  async invalidate(request: InvalidationRequest, address: string): Promise<InvalidationOutcome> {
    const cache = this.find(request.namespace);
    const outcome: InvalidationOutcome = { cache: cache.name, ...(await this.apply(cache, request)) };
    this.audit.log('cache invalidated by an operator', { ...outcome, address });
    return outcome;
  }

  private async apply(cache: Cache, request: InvalidationRequest): Promise<Omit<InvalidationOutcome, 'cache'>> {
    if ('key' in request) {
      return { operation: 'delete', count: request.key.length, ...(await cache.delete(request.key)) };
    }
    if ('tag' in request) {
      const operation = request.keepStale ? 'expireTags' : 'invalidateTags';
      return { operation, count: request.tag.length, ...(await cache[operation](request.tag)) };
    }
    if (request.confirm !== cache.name) {
      throw ProblemException.invalidInput([
        { pointer: '/confirm', detail: `must be the name of what is cleared: ${cache.name}` },
      ]);
    }
    return { operation: 'clear', count: 1, ...(await cache.clear()) };
  }

  private find(namespace = this.root.name): Cache {
    if (namespace === this.root.name) return this.root;
    const path = namespace.startsWith(`${this.root.name}/`) ? namespace.slice(this.root.name.length + 1) : namespace;
    return path.split('/').reduce((cache, part) => cache.namespace(part), this.root);
  }
}
