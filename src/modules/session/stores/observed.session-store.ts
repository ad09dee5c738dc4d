import { userIdText } from '../model/user-id.js';
import type { SessionEvents } from '../session-events.js';
import type { Session, SessionClient, SessionEnd } from '../session.types.js';
import type {
  NewSession,
  RotatedSession,
  Rotation,
  SessionChange,
  SessionSelector,
  SessionStore,
  UpdateFailure,
} from './session-store.js';

/**
 * The outermost store: tells of every change, also of changes by an adapter, and refuses values that are no user ids. What
 * types promise does not hold for callers in JavaScript, and `userIdOf` of an adapter reads what clients wrote.
 *
 * @throws TypeError for an empty user id, or a value that names no user.
 */
export class ObservedSessionStore implements SessionStore {
  constructor(
    private readonly store: SessionStore,
    private readonly events: SessionEvents,
  ) {}

  async create(session: NewSession): Promise<Session | undefined> {
    const created = await this.store.create({ ...session, userId: optionalUserId(session.userId) });
    if (created) this.events.emit({ type: 'created', session: created });
    return created;
  }

  find(id: string): Promise<Session | undefined> {
    return this.store.find(id);
  }

  async update(id: string, change: SessionChange): Promise<Session | UpdateFailure> {
    const { userId } = change;
    return this.store.update(id, userId === undefined ? change : { ...change, userId: optionalUserId(userId) });
  }

  touch(id: string, client?: SessionClient): Promise<Session | undefined> {
    return this.store.touch(id, client);
  }

  async rotate(id: string, { login, ...rotation }: Rotation): Promise<RotatedSession | undefined> {
    const user = login && { ...login, userId: userIdText(login.userId) };
    const rotated = await this.store.rotate(id, { ...rotation, ...(user && { login: user }) });
    if (rotated) this.events.emit({ type: 'rotated', ...rotated, previousId: id, isLogin: login !== undefined });
    return rotated;
  }

  async revoke(id: string): Promise<SessionEnd> {
    const end = await this.store.revoke(id);
    this.events.emit({ type: 'ended', target: { id }, ...end });
    return end;
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<SessionEnd> {
    const target = checked(selector);
    const end = await this.store.revokeAll(target, exceptId);
    this.events.emit({ type: 'ended', target, ...(exceptId !== undefined && { exceptId }), ...end });
    return end;
  }

  async list(selector: SessionSelector): Promise<Session[]> {
    return this.store.list(checked(selector));
  }
}

function optionalUserId(userId: string | null): string | null {
  return userId === null ? null : userIdText(userId);
}

function checked(selector: SessionSelector): SessionSelector {
  return selector === 'everyone' ? selector : { userId: userIdText(selector.userId) };
}
