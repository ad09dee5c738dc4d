export { CurrentSession } from './http/current-session.decorator.js';
export { SessionCookie } from './http/session-cookie.js';
export { SessionGuard } from './http/session.guard.js';
export { SessionMiddleware } from './http/session.middleware.js';
export { type SessionConfig, sessionConfig } from './session.config.js';
export { SessionModule } from './session.module.js';
export { type SessionEvent, SessionEvents, type SessionListener } from './session-events.js';
export { SessionService, type SessionStart } from './session.service.js';
export { SessionUnavailableException } from './session-unavailable.exception.js';
export type {
  EndStatus,
  IssuedSession,
  JsonValue,
  ReissuedSession,
  Session,
  SessionClient,
  SessionData,
  SessionEnd,
} from './session.types.js';
export type { SessionBackend } from './session-backend.js';
export { SESSION_BACKEND, SESSION_STORE } from './session.tokens.js';
export {
  SessionStoreAdapter,
  type SessionStoreAdapterOptions,
  type StoreCallback,
  type StoreContract,
} from './session-store.adapter.js';
export type * from './stores/session-store.js';
