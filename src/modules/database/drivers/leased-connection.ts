import type pg from 'pg';
import { DatabaseUnavailableError, OutcomeUnknownError, sqlStateOf } from '../database.errors.js';
import { failureOf } from '../sql-state.js';
import { destroySocket } from './destroy-socket.js';

/** How long a statement may take, and how it is ended. Times in ms. */
export interface StatementLimits {
  readonly statementTimeoutMs: number;
  /** How long the server may take to answer that it ended a statement, and for a rollback. */
  readonly answerTimeoutMs: number;
  /** Asks the server to end the statement that the connection runs now. */
  cancel(client: pg.PoolClient): Promise<void>;
}

/** Hears how a connection fares. */
export interface LeaseListener {
  /** Called once, with whether the connection's state is known; otherwise it has to be looked at before the next use. */
  onRelease(isVerified: boolean): void;
  /** A statement has had no answer for as long as the server may take for a sign of life, or at all. */
  onSilence(): void;
}

/** For a network that takes everything and answers nothing: without a limit no other attempt would follow. */
const LONG_STATEMENT_MS = 30 * 60_000;

/** Text of the statement that opens a transaction; the limits of its session end with it. */
function openingOf(characteristics: string, { statementTimeoutMs, answerTimeoutMs }: StatementLimits): string {
  const idleMs = statementTimeoutMs + answerTimeoutMs;
  // For a client that is gone without a word: the server ends what it left behind, and its locks with it.
  return `begin ${characteristics}; set local statement_timeout = ${Math.ceil(statementTimeoutMs)}; set local idle_in_transaction_session_timeout = ${Math.ceil(idleMs)}`;
}

/**
 * A connection for one statement or one transaction. What it keeps true: **a connection goes back to the pool only when
 * the server has said, as its last word, that it is idle and outside a transaction.** In every other case its socket is
 * destroyed, upon which the server rolls back.
 *
 * 1. A statement whose answer does not arrive (the connection broke, or the time is over) loses the connection. Outside a
 *    transaction its outcome is unknown. Inside, nothing was committed, because the commit is not sent any more.
 * 2. A commit whose answer does not arrive has an unknown outcome, whatever the reason.
 * 3. A statement that was cancelled costs the connection too: the request to cancel travels apart from the connection and
 *    may arrive late, when the next statement runs.
 * 4. After the end no statement is accepted: a query that was not awaited can't run in the transaction of the next user.
 */
export class LeasedConnection {
  private isLost = false;
  private hasEnded = false;
  private isReleased = false;
  private isInTransaction = false;
  /** Statements sent whose answer has not come. */
  private running = 0;
  private isCancelled = false;
  /** The last answer was complete. After an error the server says only later whether a transaction is open. */
  private isStatusKnown = true;
  /** The server committed and was then told not to wait for its replicas. */
  private isUnreplicated = false;
  private readonly onNotice = (notice: { routine?: string }) => {
    this.isUnreplicated ||= notice.routine === 'SyncRepWaitForLSN';
  };

  constructor(
    private readonly client: pg.PoolClient,
    private readonly limits: StatementLimits,
    private readonly listener: LeaseListener,
  ) {
    client.on('notice', this.onNotice);
  }

  /** Runs one statement. @throws pg's `DatabaseError` as the server says; DatabaseUnavailableError; OutcomeUnknownError. */
  async query(config: string | pg.QueryConfig, params?: readonly unknown[]): Promise<pg.QueryResult> {
    if (this.hasEnded) throw new Error('The transaction of this statement has ended; await every statement in it');
    if (this.isLost) throw new DatabaseUnavailableError('the connection of the transaction was lost');
    const { statementTimeoutMs, answerTimeoutMs } = this.limits;
    try {
      // In a transaction the server itself keeps the time.
      const result = this.isInTransaction
        ? await this.send(config, params, { limitMs: statementTimeoutMs + answerTimeoutMs })
        : await this.send(config, params, { limitMs: statementTimeoutMs, isCancelled: true });
      if (!this.isInTransaction) this.assertReplicated();
      return result;
    } catch (error) {
      if (!(this.isInTransaction && error instanceof OutcomeUnknownError)) throw error;
      throw new DatabaseUnavailableError('the connection was lost in a transaction', { cause: error });
    }
  }

  /** Runs statements that may take long, as those of a migration: half an hour. */
  async runLong(config: string | pg.QueryConfig, params?: readonly unknown[]): Promise<pg.QueryResult> {
    return this.send(config, params, { limitMs: LONG_STATEMENT_MS });
  }

  /** Opens a transaction. @param characteristics `isolation level …, read only`. Default none. */
  async begin(characteristics = ''): Promise<void> {
    try {
      await this.send(openingOf(characteristics, this.limits), undefined, { limitMs: this.limits.answerTimeoutMs });
      this.isInTransaction = true;
    } catch (error) {
      if (!this.isLost) throw error;
      throw new DatabaseUnavailableError('the connection was lost before the transaction began', { cause: error });
    }
  }

  /**
   * @throws OutcomeUnknownError when the answer does not arrive; `refusal` when the server rolled back instead because a
   * statement had failed.
   */
  async commit(): Promise<void> {
    this.hasEnded = true;
    if (this.isLost) throw new DatabaseUnavailableError('the connection was lost before the commit');
    let result: pg.QueryResult;
    try {
      result = await this.send('commit', undefined, { limitMs: this.limits.statementTimeoutMs });
    } catch (error) {
      if (this.isLost) throw new OutcomeUnknownError('the commit was not answered', { cause: error });
      await this.rollback();
      throw error;
    }
    if (result.command === 'ROLLBACK')
      throw new Error('The transaction was rolled back: a statement in it had failed, and its error was not passed on');
    this.assertReplicated();
  }

  /** Never throws: where the server does not confirm, the connection is destroyed, which rolls back too. */
  async rollback(): Promise<void> {
    this.hasEnded = true;
    if (this.isLost) return;
    await this.send('rollback', undefined, { limitMs: this.limits.answerTimeoutMs }).catch(() => this.lose());
  }

  /** Whether the server answers on it and is outside a transaction. Bounded by `limitMs`. */
  async isAlive(limitMs: number): Promise<boolean> {
    await this.send('select 1', undefined, { limitMs }).catch(() => this.lose());
    return !this.isLost && this.isIdle();
  }

  /** Gives it back to the pool, or destroys it. Further calls do nothing. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.hasEnded = true;
    this.client.off('notice', this.onNotice);
    const isReusable = !this.isLost && this.running === 0 && this.isIdle();
    if (!isReusable) this.lose();
    this.listener.onRelease(this.isStatusKnown);
    this.client.release(!isReusable);
  }

  /** Ends it now; its statements fail. */
  destroy(): void {
    this.lose();
    this.release();
  }

  private isIdle(): boolean {
    return this.client.getTransactionStatus() === 'I';
  }

  private assertReplicated(): void {
    if (!this.isUnreplicated) return;
    this.lose();
    throw new OutcomeUnknownError('the commit was not confirmed by the replicas');
  }

  private async send(
    config: string | pg.QueryConfig,
    params: readonly unknown[] | undefined,
    { limitMs, isCancelled = false }: { limitMs: number; isCancelled?: boolean },
  ): Promise<pg.QueryResult> {
    const stopTimer = this.startTimer(limitMs, isCancelled);
    this.running += 1;
    try {
      const result = await this.client.query(config, params as unknown[]);
      this.isStatusKnown = true;
      return result;
    } catch (error) {
      this.isStatusKnown = false;
      throw this.accept(error);
    } finally {
      this.running -= 1;
      stopTimer();
    }
  }

  /** Decides after a failure whether the connection can be used again. Returns the error to throw. */
  private accept(error: unknown): unknown {
    const state = sqlStateOf(error);
    const { severity } = error as { severity?: string };
    if (state !== undefined && severity === 'ERROR') {
      if (failureOf(state)?.endsConnection) this.lose();
      return error;
    }
    this.lose();
    // A value that can't be encoded: the server never got the statement, and waits for the rest of it.
    if (error instanceof TypeError || error instanceof RangeError) return error;
    return new OutcomeUnknownError('the connection was lost before the answer', { cause: error });
  }

  private startTimer(limitMs: number, isCancelled: boolean): () => void {
    const { answerTimeoutMs } = this.limits;
    const lateness = limitMs > answerTimeoutMs && setTimeout(() => this.listener.onSilence(), answerTimeoutMs);
    let timer = setTimeout(() => {
      if (!isCancelled) return this.loseBySilence();
      timer = setTimeout(() => this.loseBySilence(), answerTimeoutMs);
      this.isCancelled = true;
      this.limits.cancel(this.client).catch(() => undefined);
    }, limitMs);
    return () => {
      if (lateness) clearTimeout(lateness);
      clearTimeout(timer);
      if (this.isCancelled) this.lose();
    };
  }

  private loseBySilence(): void {
    this.lose();
    this.listener.onSilence();
  }

  private lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    destroySocket(this.client);
  }
}
