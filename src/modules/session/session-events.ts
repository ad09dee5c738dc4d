import { Injectable, Logger } from '@nestjs/common';
import type { EndStatus, Session } from './session.types.js';

/** What happened to a session. Ids identify sessions and open none. */
export type SessionEvent =
  | { readonly type: 'created'; readonly session: Session }
  /** A new token; the user logged in with it if `isLogin`. */
  | {
      readonly type: 'rotated';
      readonly session: Session;
      readonly previousId: string;
      readonly isLogin: boolean;
      readonly status: EndStatus;
    }
  /** Ended before its time: one session (`id`), those of a user, or those of everyone; `count` of them lived. */
  | {
      readonly type: 'ended';
      readonly target: { readonly id: string } | { readonly userId: string } | 'everyone';
      readonly exceptId?: string;
      readonly count: number;
      readonly status: EndStatus;
    }
  /** Seen within seconds after its end, by one instance. `userId` is `null` for none, or if it is not known any more. */
  | { readonly type: 'expired'; readonly id: string; readonly userId: string | null };

/** Hears of sessions. What it throws is logged and changes nothing. */
export type SessionListener = (event: SessionEvent) => void | Promise<void>;

/**
 * Tells what happens to sessions, for an audit or for work that follows a login or a logout. Each event is told on the
 * instance that made the change, after the change; an instance that is killed in between tells nothing.
 *
 * @example
 * events.listen((event) => audit.write(event.type));
 */
@Injectable()
export class SessionEvents {
  private readonly logger = new Logger('Session');
  private readonly listeners = new Set<SessionListener>();

  /** Returns a function that stops it. */
  listen(listener: SessionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: SessionEvent): void {
    for (const listener of this.listeners) void this.tell(listener, event);
  }

  private async tell(listener: SessionListener, event: SessionEvent): Promise<void> {
    try {
      await listener(event);
    } catch (error) {
      this.logger.error(`A listener of session events failed at ${event.type}: ${(error as Error)?.name}`);
    }
  }
}
