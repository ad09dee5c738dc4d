import type { CommandArgument } from '../../redis/index.js';
import { decodeData } from '../model/session-data.js';
import { DEAD_KEPT_MS, type SessionLifetime } from '../model/session-lifetime.js';
import type { Session } from '../session.types.js';
import type { RevocationJournal, RevocationTarget } from './revocation-journal.js';
import type { SessionScripts } from './session-scripts.js';
import type {
  NewSession,
  Rotation,
  SessionChange,
  SessionSelector,
  SessionStore,
  UpdateFailure,
} from './session-store.js';

/** Members of an index that one script examines. Redis runs no other command meanwhile. */
const BATCH = 500;

/** Sessions in Redis. Each operation is one script (`scripts/`) that uses the clock of Redis. */
export class RedisSessionStore implements SessionStore {
  /** How long a dead id is kept: longer than any copy of its session could be written back. */
  private readonly deadMs: number;

  constructor(
    private readonly scripts: SessionScripts,
    private readonly lifetime: SessionLifetime,
    private readonly journal: RevocationJournal,
  ) {
    this.deadMs = lifetime.absoluteTimeoutMs + DEAD_KEPT_MS;
  }

  async create({ id, userId, data }: NewSession): Promise<Session | undefined> {
    const { idleTimeoutMs, absoluteTimeoutMs } = this.lifetime;
    return toSession(
      await this.scripts.run('create', [
        id,
        userId ?? '',
        JSON.stringify(data),
        idleTimeoutMs,
        absoluteTimeoutMs,
        DEAD_KEPT_MS,
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

  async touch(id: string): Promise<Session | undefined> {
    return toSession(await this.scripts.run('touch', [id, this.lifetime.idleTimeoutMs, DEAD_KEPT_MS]));
  }

  async rotate(id: string, { newId, login }: Rotation): Promise<Session | undefined> {
    const { idleTimeoutMs, absoluteTimeoutMs } = this.lifetime;
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
      ]),
    );
    if (session) this.journal.add({ id }, 'acknowledged');
    return session;
  }

  async revoke(id: string): Promise<boolean> {
    const hasLived = (await this.scripts.run('revoke', [id, this.deadMs])) === 1;
    this.journal.add({ id }, 'acknowledged');
    return hasLived;
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<number> {
    return (await this.revokeAllReturningIds(selector, exceptId)).length;
  }

  /** As {@link revokeAll}, but returns their ids. */
  async revokeAllReturningIds(selector: SessionSelector, exceptId?: string): Promise<string[]> {
    const ids = await this.revokeStartedBefore(0, selector, exceptId);
    this.journal.add({ selector, exceptId }, 'acknowledged');
    return ids;
  }

  async list(selector: SessionSelector): Promise<Session[]> {
    const found: Session[] = [];
    for (let skipped = 0; ; skipped += BATCH) {
      const [seen, sessions] = (await this.scripts.run('list', [userOf(selector), skipped, BATCH])) as [
        number,
        unknown[],
      ];
      found.push(...sessions.map((reply) => toSession(reply)!));
      if (seen < BATCH) return found.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
    }
  }

  /** Repeats a revocation that was made `agoMs` ago. */
  async replay(target: RevocationTarget, agoMs: number): Promise<void> {
    if ('id' in target) await this.scripts.run('revoke', [target.id, this.deadMs]);
    else await this.revokeStartedBefore(agoMs, target.selector, target.exceptId);
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
  }: Session): Promise<void> {
    const times: CommandArgument[] = [createdAtMs, lastSeenAtMs, expiresAtMs, absoluteExpiresAtMs];
    await this.scripts.run('restore', [id, userId ?? '', JSON.stringify(data), version, ...times, DEAD_KEPT_MS]);
  }

  private async revokeStartedBefore(agoMs: number, selector: SessionSelector, exceptId = ''): Promise<string[]> {
    const revokedIds: string[] = [];
    for (let skipped = 0; ;) {
      const reply = await this.scripts.run('revoke-all', [
        userOf(selector),
        Math.ceil(agoMs),
        exceptId,
        skipped,
        BATCH,
        this.deadMs,
      ]);
      const [left, seen, ids] = reply as [number, number, Buffer[]];
      revokedIds.push(...ids.map(String));
      skipped += left;
      if (seen < BATCH) return revokedIds;
    }
  }
}

function userOf(selector: SessionSelector): string {
  return selector === 'everyone' ? '' : selector.userId;
}

/** The session in a script's reply; `undefined` for another reply. */
function toSession(reply: unknown): Session | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [id, user, data, version, created, seen, expires, absolute] = reply.map(String) as [
    string,
    string,
    string,
    ...string[],
  ];
  return Object.freeze({
    id,
    userId: user === '' ? null : user,
    data: decodeData(data),
    version: Number(version),
    createdAtMs: Number(created),
    lastSeenAtMs: Number(seen),
    expiresAtMs: Number(expires),
    absoluteExpiresAtMs: Number(absolute),
  });
}
