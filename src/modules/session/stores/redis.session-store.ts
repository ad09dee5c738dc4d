import type { CommandArgument } from '../../redis/index.js';
import { decodeData } from '../model/session-data.js';
import { DEAD_KEPT_MS, lifetimeOf, type SessionLifetime } from '../model/session-lifetime.js';
import type { Session, SessionClient, SessionEnd } from '../session.types.js';
import type { RevocationJournal, RevocationTarget } from './revocation-journal.js';
import type { SessionScripts } from './session-scripts.js';
import type {
  ExpiredSession,
  NewSession,
  RotatedSession,
  Rotation,
  SessionChange,
  SessionSelector,
  SweepBatch,
  SweptSessionStore,
  UpdateFailure,
} from './session-store.js';

/** Members of an index that one script examines. Redis runs no other command meanwhile, for about a millisecond. */
const BATCH = 100;

/** Where a walk through an index goes on: a score, and how many members of that score to skip. */
type Cursor = readonly [score: CommandArgument, skipped: number];
const START: Cursor = ['-inf', 0];

/** Sessions whose revocations are repeated in one script. */
export const REVOCATION_BATCH = 100;

/** Sessions in Redis. Each operation is one script (`scripts/`) that uses the clock of Redis. */
export class RedisSessionStore implements SweptSessionStore {
  /** How long a dead id is kept: longer than any copy of its session could be written back. */
  private readonly deadMs: number;

  constructor(
    private readonly scripts: SessionScripts,
    private readonly lifetime: SessionLifetime,
    private readonly journal: RevocationJournal,
    /** Longest absolute timeout that a session is given. Default: that of `lifetime`. */
    longestMs = lifetime.absoluteTimeoutMs,
  ) {
    this.deadMs = longestMs + DEAD_KEPT_MS;
  }

  async create({ id, userId, data, client, lifetime }: NewSession): Promise<Session | undefined> {
    const { idleTimeoutMs, absoluteTimeoutMs } = lifetimeOf(lifetime, this.lifetime);
    return toSession(
      await this.scripts.run('create', [
        id,
        userId ?? '',
        JSON.stringify(data),
        idleTimeoutMs,
        absoluteTimeoutMs,
        DEAD_KEPT_MS,
        lifetime?.idleTimeoutMs ?? '',
        encodeClient(client),
      ]),
    );
  }

  async find(id: string): Promise<Session | undefined> {
    return toSession(await this.scripts.run('find', [id]));
  }

  async update(id: string, { data, userId, ifVersion }: SessionChange): Promise<Session | UpdateFailure> {
    const user = [userId === undefined ? 0 : 1, userId ?? ''];
    const reply = await this.scripts.run('update', [
      id,
      JSON.stringify(data),
      ifVersion ?? '',
      ...user,
      this.lifetime.idleTimeoutMs,
      DEAD_KEPT_MS,
    ]);
    return toSession(reply) ?? (String(reply) as UpdateFailure);
  }

  async touch(id: string, client?: SessionClient): Promise<Session | undefined> {
    const { idleTimeoutMs } = this.lifetime;
    return toSession(await this.scripts.run('touch', [id, idleTimeoutMs, DEAD_KEPT_MS, encodeClient(client)]));
  }

  async rotate(id: string, { newId, login }: Rotation): Promise<RotatedSession | undefined> {
    const { idleTimeoutMs, absoluteTimeoutMs } = lifetimeOf(login?.lifetime, this.lifetime);
    const user = [login ? 1 : 0, login?.userId ?? ''];
    const session = toSession(
      await this.scripts.run('rotate', [
        id,
        newId,
        ...user,
        idleTimeoutMs,
        absoluteTimeoutMs,
        DEAD_KEPT_MS,
        this.deadMs,
        login?.lifetime?.idleTimeoutMs ?? '',
      ]),
    );
    if (!session) return undefined;
    this.journal.add({ id }, 'acknowledged');
    return { session, status: 'applied' };
  }

  async revoke(id: string): Promise<SessionEnd> {
    const count = (await this.scripts.run('revoke', [id, this.deadMs])) as number;
    this.journal.add({ id }, 'acknowledged');
    return { count, status: 'applied' };
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<SessionEnd> {
    const ids = await this.revokeAllReturningIds(selector, exceptId);
    return { count: ids.length, status: 'applied' };
  }

  /** As {@link revokeAll}, but returns their ids. */
  async revokeAllReturningIds(selector: SessionSelector, exceptId?: string): Promise<string[]> {
    const ids = await this.revokeStartedBefore(0, selector, exceptId);
    this.journal.add({ selector, exceptId }, 'acknowledged');
    return ids;
  }

  async list(selector: SessionSelector): Promise<Session[]> {
    const found = new Map<string, Session>();
    for (let cursor: Cursor = START; ;) {
      const reply = await this.scripts.run('list', [indexOf(selector), ...cursor, BATCH]);
      const [seen, score, skipped, sessions] = reply as [number, Buffer, number, unknown[]];
      cursor = [score, skipped];
      for (const session of sessions.map((one) => toSession(one)!)) found.set(session.id, session);
      if (seen < BATCH) return [...found.values()].toSorted((a, b) => a.createdAtMs - b.createdAtMs);
    }
  }

  async sweep(limit: number): Promise<SweepBatch> {
    const [seen, members] = (await this.scripts.run('sweep', [limit])) as [number, Buffer[]];
    const expired: ExpiredSession[] = [];
    for (let i = 0; i < members.length; i += 2)
      expired.push({ id: String(members[i]), userId: userIn(String(members[i + 1])) });
    return { expired, hasMore: seen >= limit };
  }

  /** Repeats a revocation of many sessions that was made `agoMs` ago. */
  async replay({ selector, exceptId }: Exclude<RevocationTarget, { id: string }>, agoMs: number): Promise<void> {
    await this.revokeStartedBefore(agoMs, selector, exceptId);
  }

  /** Repeats the revocations of single sessions; at most {@link REVOCATION_BATCH}. */
  async replayIds(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.scripts.run('revoke-many', [this.deadMs, ...ids]);
  }

  /** Writes back a session that was used while Redis was away, unless it is dead or newer in Redis. */
  async restore({
    id,
    userId,
    data,
    version,
    createdAtMs,
    lastSeenAtMs,
    expiresAtMs,
    absoluteExpiresAtMs,
    idleTimeoutMs,
    client,
  }: Session): Promise<void> {
    const times: CommandArgument[] = [createdAtMs, lastSeenAtMs, expiresAtMs, absoluteExpiresAtMs];
    const own = [idleTimeoutMs ?? '', encodeClient(client)];
    await this.scripts.run('restore', [
      id,
      userId ?? '',
      JSON.stringify(data),
      version,
      ...times,
      DEAD_KEPT_MS,
      ...own,
    ]);
  }

  private async revokeStartedBefore(agoMs: number, selector: SessionSelector, exceptId = ''): Promise<string[]> {
    const revokedIds: string[] = [];
    for (let cursor: Cursor = START; ;) {
      const reply = await this.scripts.run('revoke-all', [
        indexOf(selector),
        Math.ceil(agoMs),
        exceptId,
        ...cursor,
        BATCH,
        this.deadMs,
      ]);
      const [seen, score, skipped, ids] = reply as [number, Buffer, number, Buffer[]];
      revokedIds.push(...ids.map(String));
      cursor = [score, skipped];
      if (seen < BATCH) return revokedIds;
    }
  }
}

/** No user, whatever its id, can be taken for everyone. */
function indexOf(selector: SessionSelector): string {
  return selector === 'everyone' ? '*' : `=${selector.userId}`;
}

function encodeClient(client: SessionClient | null | undefined): string {
  return client ? JSON.stringify(client) : '';
}

function userIn(text: string): string | null {
  return text === '' ? null : text;
}

/** The session in a script's reply; `undefined` for another reply. */
function toSession(reply: unknown): Session | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [id, user, data, version, created, seen, expires, absolute, idle, client] = reply.map(String) as [
    string,
    string,
    string,
    ...string[],
  ];
  return Object.freeze({
    id,
    userId: userIn(user),
    data: decodeData(data),
    version: Number(version),
    createdAtMs: Number(created),
    lastSeenAtMs: Number(seen),
    expiresAtMs: Number(expires),
    absoluteExpiresAtMs: Number(absolute),
    idleTimeoutMs: idle === '' ? null : Number(idle),
    client: client === '' ? null : (JSON.parse(client!) as SessionClient),
  });
}
