/** The effects of a statement: tables it reads, tables it changes, and steps of the transaction of its connection. */
export interface Statement {
  /**
   * Tables a plain query reads: names without their schema, in lower case. They may include names of common table
   * expressions. `undefined` when they are not known, or when the statement does more than read: it is not cached.
   */
  readonly reads: readonly string[] | undefined;
  /** Tables it changes, named in the same way; `'any'` when it may change any table. */
  readonly writes: readonly string[] | typeof ANY_TABLE;
  /** Functions it calls that are not known to leave all tables alone; each may read and change any table. */
  readonly functions: readonly string[];
  /** Transactions it begins and ends, in order. Savepoints are not among them. */
  readonly steps: readonly TransactionStep[];
  /** True when the parser does not understand it. Its effects are then those of a statement that may do anything. */
  readonly isUnreadable: boolean;
}

export const ANY_TABLE = 'any';

export type TransactionStep = 'begin' | 'commit' | 'commit and begin' | 'rollback' | 'rollback and begin';

/** The grammars that are understood. MariaDB's is that of MySQL, PGlite's that of PostgreSQL. */
export type Dialect = 'postgres' | 'mysql' | 'sqlite';

/** May change any table. */
export const UNBOUNDED: Statement = {
  reads: undefined,
  writes: ANY_TABLE,
  functions: [],
  steps: [],
  isUnreadable: false,
};

/** Not understood, so it may change any table. */
export const UNREADABLE: Statement = { ...UNBOUNDED, isUnreadable: true };

/** Changes no table, and is not to be cached. */
export const WITHOUT_EFFECT: Statement = {
  reads: undefined,
  writes: [],
  functions: [],
  steps: [],
  isUnreadable: false,
};

/** Collects the tables that the parts of one statement read and change. */
export class StatementBuilder {
  private readonly reads = new Set<string>();
  private readonly writes = new Set<string>();
  private readonly functions = new Set<string>();
  private isCacheable = true;
  private isUnbounded = false;

  read(table: string): void {
    this.reads.add(table.toLowerCase());
  }

  write(table: string): void {
    this.writes.add(table.toLowerCase());
    this.isCacheable = false;
  }

  call(name: string): void {
    this.functions.add(name.toLowerCase());
  }

  /** Its result is not to be cached. */
  refuseCaching(): void {
    this.isCacheable = false;
  }

  /** Some part of it may read and change any table. */
  allowAnything(): void {
    this.isUnbounded = true;
  }

  build(steps: readonly TransactionStep[] = []): Statement {
    return {
      reads: this.isCacheable && !this.isUnbounded ? [...this.reads] : undefined,
      writes: this.isUnbounded ? ANY_TABLE : [...this.writes],
      functions: [...this.functions],
      steps,
      isUnreadable: false,
    };
  }
}

/** Several statements sent as one text. The whole is never cached. */
export function joinStatements(parts: readonly Statement[]): Statement {
  if (parts.length === 1) return parts[0]!;
  const isUnbounded = parts.some(({ writes }) => writes === ANY_TABLE);
  const union = (listOf: (part: Statement) => readonly string[]) => [...new Set(parts.flatMap(listOf))];
  return {
    reads: undefined,
    writes: isUnbounded ? ANY_TABLE : union(({ writes }) => writes as readonly string[]),
    functions: union(({ functions }) => functions),
    steps: parts.flatMap(({ steps }) => steps),
    isUnreadable: parts.some(({ isUnreadable }) => isUnreadable),
  };
}
