import { and, asc, eq, gt, inArray, isNull, lt, lte, ne, or, type SQL, sql } from 'drizzle-orm';
import { type Database, isOutcomeUnknown, isUnavailable } from '../../database/index.js';
import { type SessionRow, sessionTable as table } from '../database/session.table.js';
import { decodeData } from '../model/session-data.js';
import { DEAD_KEPT_MS, lifetimeOf, type SessionLifetime } from '../model/session-lifetime.js';
import { SessionUnavailableException } from '../session-unavailable.exception.js';
import type { Session, SessionClient, SessionEnd } from '../session.types.js';
import type {
  NewSession,
  RotatedSession,
  Rotation,
  SessionChange,
  SessionSelector,
  SweepBatch,
  SweptSessionStore,
  UpdateFailure,
} from './session-store.js';

/** Rotations take this lock shared, revocations of many sessions take it exclusively: a rotation must not move a session to a new id during such a revocation. */
const REVOCATION_LOCK = 0x6c617264_7365;

const isLiving = and(isNull(table.revokedAt), gt(table.expiresAt, sql`now()`));

/** Sessions in PostgreSQL. They survive restarts of every instance and of Redis. */
export class PostgresSessionStore implements SweptSessionStore {
  constructor(
    private readonly database: Database,
    private readonly lifetime: SessionLifetime,
  ) {}

  async create({ id, userId, data, client, lifetime }: NewSession): Promise<Session | undefined> {
    const own = { client: encodeClient(client), ...this.newTimes(lifetime) };
    return this.run(async () => {
      const rows = await this.database
        .insert(table)
        .values({ id, userId, data: JSON.stringify(data), version: 1, ...own })
        .onConflictDoNothing()
        .returning();
      return firstOf(rows);
    });
  }

  async find(id: string): Promise<Session | undefined> {
    return this.read(async () =>
      firstOf(
        await this.database
          .select()
          .from(table)
          .where(and(eq(table.id, id), isLiving)),
      ),
    );
  }

  async update(id: string, { data, userId, ifVersion }: SessionChange): Promise<Session | UpdateFailure> {
    return this.run(async () => {
      const rows = await this.database
        .update(table)
        .set({ data: JSON.stringify(data), userId, version: sql`${table.version} + 1`, ...this.useTimes() })
        .where(and(eq(table.id, id), isLiving, ifVersion === undefined ? undefined : eq(table.version, ifVersion)))
        .returning();
      return firstOf(rows) ?? (await this.failureOf(id));
    });
  }

  async touch(id: string, client?: SessionClient): Promise<Session | undefined> {
    return this.run(async () =>
      firstOf(
        await this.database
          .update(table)
          .set({ ...this.useTimes(), ...(client && { client: encodeClient(client) }) })
          .where(and(eq(table.id, id), isLiving))
          .returning(),
      ),
    );
  }

  async rotate(id: string, { newId, login }: Rotation): Promise<RotatedSession | undefined> {
    return this.run(() =>
      this.database.transaction(async (transaction) => {
        await transaction.execute(sql`select pg_advisory_xact_lock_shared(${REVOCATION_LOCK})`);
        const times = login ? { userId: login.userId, ...this.newTimes(login.lifetime) } : this.useTimes();
        const [row] = await transaction
          .update(table)
          .set({ id: newId, ...times })
          .where(and(eq(table.id, id), isLiving))
          .returning();
        if (row) await transaction.insert(table).values({ ...row, id, ...revoked });
        return row && { session: toSession(row), status: 'applied' };
      }),
    );
  }

  async revoke(id: string): Promise<SessionEnd> {
    return this.run(async () => {
      const rows = await this.database
        .update(table)
        .set(revoked)
        .where(and(eq(table.id, id), isLiving))
        .returning({ id: table.id });
      if (rows.length > 0) return { count: 1, status: 'applied' };
      const unknown = {
        id,
        version: 0,
        createdAt: sql`now()`,
        seenAt: sql`now()`,
        expiresAt: sql`now()`,
        absoluteExpiresAt: sql`now()`,
      };
      await this.database
        .insert(table)
        .values({ ...unknown, ...revoked })
        .onConflictDoUpdate({ target: table.id, set: revoked });
      return { count: 0, status: 'applied' };
    });
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<SessionEnd> {
    return this.run(() =>
      this.database.transaction(async (transaction) => {
        await transaction.execute(sql`select pg_advisory_xact_lock(${REVOCATION_LOCK})`);
        const kept = exceptId === undefined ? undefined : ne(table.id, exceptId);
        const rows = await transaction
          .update(table)
          .set(revoked)
          .where(and(isSelected(selector), isLiving, kept))
          .returning({ id: table.id });
        return { count: rows.length, status: 'applied' };
      }),
    );
  }

  /** Rows that another instance sweeps at this moment are left to it. */
  async sweep(limit: number): Promise<SweepBatch> {
    return this.run(async () => {
      const due = this.database
        .select({ id: table.id })
        .from(table)
        .where(and(isNull(table.revokedAt), lte(table.expiresAt, sql`now()`)))
        .orderBy(asc(table.expiresAt))
        .limit(limit)
        .for('update', { skipLocked: true });
      const expired = await this.database
        .update(table)
        .set({ revokedAt: sql`${table.expiresAt}` })
        .where(inArray(table.id, due))
        .returning({ id: table.id, userId: table.userId });
      return { expired, hasMore: expired.length >= limit };
    });
  }

  async list(selector: SessionSelector): Promise<Session[]> {
    return this.read(async () => {
      const rows = await this.database
        .select()
        .from(table)
        .where(and(isSelected(selector), isLiving))
        .orderBy(asc(table.createdAt));
      return rows.map(toSession);
    });
  }

  /** Deletes rows that have been dead for some time; returns their number. */
  async purge(): Promise<number> {
    const before = sql`now() - ${DEAD_KEPT_MS} * interval '1 ms'`;
    return this.run(async () => {
      const rows = await this.database
        .delete(table)
        .where(or(lt(table.expiresAt, before), lt(table.revokedAt, before)))
        .returning({ id: table.id });
      return rows.length;
    });
  }

  private async failureOf(id: string): Promise<UpdateFailure> {
    const [row] = await this.database
      .select({ isLiving: sql<boolean>`${isLiving}` })
      .from(table)
      .where(eq(table.id, id));
    if (!row) return 'unknown';
    return row.isLiving ? 'conflict' : 'gone';
  }

  private newTimes(own?: Partial<SessionLifetime>) {
    const { idleTimeoutMs, absoluteTimeoutMs } = lifetimeOf(own, this.lifetime);
    return {
      createdAt: sql`now()`,
      seenAt: sql`now()`,
      expiresAt: sql`now() + ${Math.min(idleTimeoutMs, absoluteTimeoutMs)} * interval '1 ms'`,
      absoluteExpiresAt: sql`now() + ${absoluteTimeoutMs} * interval '1 ms'`,
      idleTimeoutMs: own?.idleTimeoutMs ?? null,
    };
  }

  private useTimes(): { seenAt: SQL; expiresAt: SQL } {
    const idleMs = sql`coalesce(${table.idleTimeoutMs}, ${this.lifetime.idleTimeoutMs}::bigint)`;
    return {
      seenAt: sql`now()`,
      expiresAt: sql`least(now() + ${idleMs} * interval '1 ms', ${table.absoluteExpiresAt})`,
    };
  }

  /** For changes. */
  private async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (isOutcomeUnknown(error)) throw SessionUnavailableException.outcomeUnknown(error);
      throw new SessionUnavailableException(error, false);
    }
  }

  private async read<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw isUnavailable(error) ? new SessionUnavailableException(error, false) : error;
    }
  }
}

const revoked = { revokedAt: sql`now()`, data: '{}' };

function isSelected(selector: SessionSelector): SQL | undefined {
  return selector === 'everyone' ? undefined : eq(table.userId, selector.userId);
}

function encodeClient(client: SessionClient | undefined): string | null {
  return client ? JSON.stringify(client) : null;
}

function firstOf([row]: SessionRow[]): Session | undefined {
  return row && toSession(row);
}

function toSession(row: SessionRow): Session {
  return Object.freeze({
    id: row.id,
    userId: row.userId,
    data: decodeData(row.data),
    version: row.version,
    createdAtMs: row.createdAt.getTime(),
    lastSeenAtMs: row.seenAt.getTime(),
    expiresAtMs: row.expiresAt.getTime(),
    absoluteExpiresAtMs: row.absoluteExpiresAt.getTime(),
    idleTimeoutMs: row.idleTimeoutMs,
    client: row.client === null ? null : (JSON.parse(row.client) as SessionClient),
  });
}
