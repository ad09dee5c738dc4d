import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'ls_';
const PATTERN = /^ls_[A-Za-z0-9_-]{43}$/;

/** A new token: 256 random bits, base64url, after a prefix that secret scanners recognise. 46 characters. */
export function createSessionToken(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

/** Whether a text has the form of a token. Other texts are never looked up. */
export function isSessionToken(text: string): boolean {
  return PATTERN.test(text);
}

/** The id a secret is stored under: its SHA-256, base64url, 43 characters. A dump of a store opens no session. */
export function sessionIdOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
