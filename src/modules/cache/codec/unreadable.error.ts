import type { UnreadableReason } from './envelope.types.js';

/** Bytes that should have been a value and are not. The engine treats it as a miss and counts it by `reason`. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';

  constructor(readonly reason: UnreadableReason) {
    super(`Unreadable cache entry (${reason})`);
  }
}
