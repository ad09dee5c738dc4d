import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cache } from '../../cache/library.js';
import type { QueryCacheOptions } from '../query-cache.options.js';
import type { Dialect } from '../statements/statement.js';
import { type QueryEntry, TableCache } from '../table-cache.js';
import { CachingDriver, withMethods } from './caching-driver.js';
import type { PrismaAdapterFactory } from './prisma-driver.js';

const DIALECTS: Readonly<Record<string, Dialect>> = { postgres: 'postgres', mysql: 'mysql', sqlite: 'sqlite' };

/** How the queries of one `$withCache` are cached. */
export interface PrismaCacheSetting {
  /** Default: that of the {@link PrismaQueryCache}. */
  ttlMs?: number;
  /** A name to invalidate them by, with {@link PrismaQueryCache.invalidate}. */
  tag?: string;
}

/** Tables and names to invalidate. */
export interface PrismaInvalidation {
  /** Names of tables in the database, not of models. */
  tables?: readonly string[];
  tags?: readonly string[];
}

/**
 * Cached queries for Prisma: their results are invalidated by writes to their tables after the commit, also by nested writes,
 * by interactive transactions and by raw statements. It works between Prisma and its driver, where every statement and every
 * commit passes, so it needs a client with a driver adapter (all of Prisma 7, `engineType = "client"` in Prisma 6).
 *
 * A query is cached inside `$withCache`, outside a transaction. Cascades of foreign keys are not seen: declare `dependents`.
 *
 * @example
 * const queries = new PrismaQueryCache(cache.namespace('queries'), { ttlMs: 60_000 });
 * const prisma = new PrismaClient({ adapter: queries.adapter(new PrismaPg({ connectionString })) }).$extends(queries.extension);
 * const open = await prisma.$withCache(() => prisma.order.findMany({ where: { isOpen: true }, include: { lines: true } }));
 * await prisma.order.update({ where: { id: 7 }, data: { isOpen: false } }); // `open` is a miss from here on
 */
export class PrismaQueryCache {
  /** For `$extends`: gives the client the method `$withCache`. */
  readonly extension: {
    name: 'larder';
    client: { $withCache: <T>(work: () => PromiseLike<T>, setting?: PrismaCacheSetting) => Promise<T> };
  };
  private readonly marked = new AsyncLocalStorage<QueryEntry>();
  private tables: TableCache | undefined;

  /** @param cache a namespace of its own, where `clear` may be called. */
  constructor(
    private readonly cache: Cache,
    private readonly options: QueryCacheOptions = {},
  ) {
    this.extension = { name: 'larder', client: { $withCache: (work, setting) => this.run(work, setting) } };
  }

  /**
   * The adapter to make the client with.
   *
   * @throws TypeError for a database whose SQL is not understood.
   */
  adapter<F extends PrismaAdapterFactory>(factory: F): F {
    const dialect = Object.hasOwn(DIALECTS, factory.provider) ? DIALECTS[factory.provider] : undefined;
    if (!dialect) throw new TypeError(`PrismaQueryCache does not understand the SQL of ${factory.provider}`);
    this.tables = new TableCache(this.cache, dialect, this.options);
    const view = new CachingDriver(this.tables, dialect, () => this.marked.getStore());
    return withMethods(factory, { connect: async () => view.of(await factory.connect()) });
  }

  /** Invalidates after changes that this client did not make. */
  async invalidate({ tables = [], tags = [] }: PrismaInvalidation): Promise<void> {
    await this.tables?.invalidateTables(tables);
    await this.tables?.invalidateNamed(tags);
  }

  /** Queries of Prisma run when they are awaited, so this awaits. */
  private run<T>(work: () => PromiseLike<T>, { ttlMs, tag }: PrismaCacheSetting = {}): Promise<T> {
    const entry = { ...(ttlMs !== undefined && { ttlMs }), ...(tag !== undefined && { tag }) };
    return this.marked.run(entry, async () => work());
  }
}
