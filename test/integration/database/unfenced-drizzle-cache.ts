import { getTableName, type Table } from 'drizzle-orm';
import { Cache as DrizzleCache, type MutationOption } from 'drizzle-orm/cache/core';
import type { Cache } from '../../../src/modules/cache/index.js';

/**
 * As good as Drizzle's own `Cache` class lets a cache be: it is told of a write while the write runs, and `put` says
 * nothing of the `get` it belongs to. With it tests show that the fault they look for does happen.
 */
export class UnfencedDrizzleCache extends DrizzleCache {
  constructor(private readonly cache: Cache) {
    super();
  }

  strategy(): 'explicit' {
    return 'explicit';
  }

  get(key: string): Promise<unknown[] | undefined> {
    return this.cache.get<unknown[]>(key);
  }

  async put(key: string, response: { rows: unknown[] }, tables: string[]): Promise<void> {
    await this.cache.set(key, { rows: response.rows }, { tags: tables.map(bareName) });
  }

  async onMutate({ tables = [] }: MutationOption): Promise<void> {
    await this.cache.invalidateTags(
      [tables].flat().map((table) => (typeof table === 'string' ? bareName(table) : getTableName(table as Table))),
    );
  }
}

function bareName(table: string): string {
  return table.replace('public.', '');
}
