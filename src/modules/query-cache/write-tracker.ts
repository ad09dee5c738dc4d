import { isOutcomeUnknown } from '../database/library.js';
import { ANY_TABLE, type Dialect, type TransactionStep } from './statements/statement.js';
import type { StatementEffects, TableCache } from './table-cache.js';

/** How databases differ in the changes that remain after a statement or a transaction has failed. */
interface FailureRules {
  /** A statement that the server refused has changed nothing. False where tables without transactions exist. */
  readonly isRefusalWithoutEffect: boolean;
  /** A rollback undoes everything. MySQL keeps rows of tables without transactions, and rows that a change of the schema committed. */
  readonly isRollbackComplete: boolean;
  /** A failed statement may end the whole transaction. */
  readonly mayEndTransaction: boolean;
}

const FAILURE_RULES: Record<Dialect, FailureRules> = {
  postgres: { isRefusalWithoutEffect: true, isRollbackComplete: true, mayEndTransaction: false },
  mysql: { isRefusalWithoutEffect: false, isRollbackComplete: false, mayEndTransaction: true },
  sqlite: { isRefusalWithoutEffect: false, isRollbackComplete: true, mayEndTransaction: true },
};

/** How the statements of a connection, or of a pool, are watched. */
export interface WriteTrackerOptions {
  readonly dialect: Dialect;
  /** Statements are part of a transaction from the start. Default false. */
  readonly isInTransaction?: boolean;
  /** Statements may run on different connections, so a `begin` need not be that of the next one. Default false. */
  readonly isPool?: boolean;
}

/**
 * Watches the statements of one connection and tells the cache of their changes once these are committed.
 *
 * Never before: between an early invalidation and the commit a reader loads the rows as they were and stores them, and
 * nothing would remove them again. A load that began before the commit and ends after the invalidation is refused by
 * the engine, which recorded its tags' versions before it ran. See `docs/decisions/0007-invalidate-after-commit.md`.
 *
 * A statement outside a transaction has its changes to itself, so that statements sent at the same time do not take each
 * other's. Where it is uncertain whether a transaction is open, changes are told at once and again at the end.
 */
export class WriteTracker {
  private readonly rules: FailureRules;
  private readonly isPool: boolean;
  private pending = new Changes();
  private isOpen: boolean;
  /** A failure may have ended the transaction: later statements may be committed at once. */
  private isUncertain = false;
  private begun = 0;

  constructor(
    private readonly tables: TableCache,
    { dialect, isInTransaction = false, isPool = false }: WriteTrackerOptions,
  ) {
    this.rules = FAILURE_RULES[dialect];
    this.isOpen = isInTransaction;
    this.isPool = isPool;
  }

  get isInTransaction(): boolean {
    return this.isOpen;
  }

  /** Transactions begun so far: it tells whether one began meanwhile. */
  get transactionsBegun(): number {
    return this.begun;
  }

  /** Runs a statement. The promise settles after the cache was told of the changes that others can see. */
  run<T>(statement: string, execute: () => Promise<T>): Promise<T> {
    const effects = this.tables.effectsOf(statement);
    return effects instanceof Promise
      ? effects.then((known) => this.runKnown(known, execute))
      : this.runKnown(effects, execute);
  }

  /** As {@link run}, for several statements that are sent together. */
  async runAll<T>(statements: readonly string[], execute: () => Promise<T>): Promise<T> {
    const effects = await Promise.all(statements.map(async (statement) => this.tables.effectsOf(statement)));
    const isUnbounded = effects.some(({ writes }) => writes === ANY_TABLE);
    const writes = isUnbounded ? ANY_TABLE : effects.flatMap(({ writes }) => [...writes]);
    const steps = effects.flatMap(({ steps }) => steps);
    return this.runKnown({ reads: undefined, writes, steps, isHarmless: writes.length + steps.length === 0 }, execute);
  }

  /** A transaction begins on this connection by other means than a statement that passes here. */
  transactionBegins(): void {
    this.isOpen = true;
    this.begun += 1;
  }

  /** That transaction is over. Statements that ran meanwhile may have been part of it. */
  async transactionEnds(): Promise<void> {
    await this.committed();
  }

  /** Changes that no statement names. */
  add(tables: Iterable<string>, names: Iterable<string> = []): void {
    this.pending.add(tables, names);
  }

  /** The transaction is committed, or may be. */
  async committed(): Promise<void> {
    this.isOpen = false;
    await this.tell(this.takePending());
  }

  /** The commit failed. A connection lost meanwhile leaves open whether it took effect. */
  async commitFailed(error: unknown): Promise<void> {
    if (isOutcomeUnknown(error) || !this.rules.isRefusalWithoutEffect) await this.committed();
    else await this.rolledBack();
  }

  async rolledBack(): Promise<void> {
    this.isOpen = false;
    const changes = this.takePending();
    if (!this.rules.isRollbackComplete) await this.tell(changes);
  }

  private runKnown<T>(effects: StatementEffects, execute: () => Promise<T>): Promise<T> {
    if (effects.isHarmless) return execute();
    return effects.steps.length > 0 ? this.runSteps(effects, execute) : this.runWrite(effects, execute);
  }

  private async runWrite<T>({ writes }: StatementEffects, execute: () => Promise<T>): Promise<T> {
    const changes = new Changes();
    changes.addWrites(writes);
    const isInTransaction = this.isOpen;
    if (isInTransaction) this.pending.addWrites(writes);
    const tellsAtOnce = !isInTransaction || this.isPool;
    let result: T;
    try {
      result = await execute();
    } catch (error) {
      if (isInTransaction) this.isUncertain ||= this.rules.mayEndTransaction;
      if (tellsAtOnce || this.isUncertain) await this.tellOfFailure(error, changes);
      throw error;
    }
    if (tellsAtOnce || this.isUncertain) await this.tell(changes);
    return result;
  }

  private async tellOfFailure(error: unknown, changes: Changes): Promise<void> {
    const isRefused = this.rules.isRefusalWithoutEffect && !changes.isUnbounded && !isOutcomeUnknown(error);
    if (!isRefused) await this.tell(changes);
  }

  /** A text that begins or ends transactions, and may hold other statements too. */
  private async runSteps<T>({ writes, steps }: StatementEffects, execute: () => Promise<T>): Promise<T> {
    // Statements sent meanwhile come after it, so the state changes now and not with the answer.
    const changes = this.takePending();
    const isPlain = steps.length === 1 && writes.length === 0;
    const wasOpen = this.isOpen;
    changes.addWrites(writes);
    this.applySteps(steps);
    // Only a commit or a rollback that stands alone decides about the changes before it.
    if (this.isOpen && !(isPlain && steps[0] !== 'begin')) this.pending.merge(changes);
    let result: T;
    try {
      result = await execute();
    } catch (error) {
      const isRefusedCommit = isPlain && this.rules.isRefusalWithoutEffect && !isOutcomeUnknown(error);
      if (!isRefusedCommit || steps[0] === 'begin') await this.tell(changes);
      throw error;
    }
    const isUndone = isPlain && steps[0]!.startsWith('rollback') && this.rules.isRollbackComplete;
    const isOnlyBegun = isPlain && steps[0] === 'begin' && !wasOpen;
    if (!isUndone && !isOnlyBegun) await this.tell(changes);
    return result;
  }

  private applySteps(steps: readonly TransactionStep[]): void {
    for (const step of steps) {
      this.isOpen = step.endsWith('begin');
      if (this.isOpen) this.begun += 1;
    }
    this.isUncertain = false;
  }

  private takePending(): Changes {
    const taken = this.pending;
    this.pending = new Changes();
    return taken;
  }

  private async tell(changes: Changes): Promise<void> {
    await this.tables.invalidateTables(changes.tables);
    await this.tables.invalidateNamed(changes.names);
  }
}

/** Tables and named entries that statements have changed. */
class Changes {
  private readonly changedTables = new Set<string>();
  private readonly changedNames = new Set<string>();
  isUnbounded = false;

  get tables(): Iterable<string> | typeof ANY_TABLE {
    return this.isUnbounded ? ANY_TABLE : this.changedTables;
  }

  get names(): readonly string[] {
    return [...this.changedNames];
  }

  add(tables: Iterable<string>, names: Iterable<string>): void {
    for (const table of tables) this.changedTables.add(table);
    for (const name of names) this.changedNames.add(name);
  }

  addWrites(writes: StatementEffects['writes']): void {
    if (writes === ANY_TABLE) this.isUnbounded = true;
    else this.add(writes, []);
  }

  merge(other: Changes): void {
    this.add(other.changedTables, other.changedNames);
    this.isUnbounded ||= other.isUnbounded;
  }
}
