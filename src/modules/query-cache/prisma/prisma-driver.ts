/*
 * Prisma's driver adapters, by their shape: Larder needs no package of Prisma. They are those of
 * `@prisma/driver-adapter-utils` 6.6 and later.
 */

/** One statement with its parameters. */
export interface PrismaQuery {
  readonly sql: string;
  readonly args: unknown[];
}

/** Runs statements: an adapter outside of transactions, or one transaction. */
export interface PrismaQueryable {
  queryRaw(query: PrismaQuery): Promise<unknown>;
  executeRaw(query: PrismaQuery): Promise<number>;
}

export interface PrismaTransaction extends PrismaQueryable {
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export interface PrismaDriver extends PrismaQueryable {
  executeScript(script: string): Promise<void>;
  startTransaction(isolationLevel?: unknown): Promise<PrismaTransaction>;
}

/** The type of `adapter` in `new PrismaClient({ adapter })`. */
export interface PrismaAdapterFactory {
  /** `postgres`, `mysql`, `sqlite` or another. */
  readonly provider: string;
  connect(): Promise<PrismaDriver>;
}
