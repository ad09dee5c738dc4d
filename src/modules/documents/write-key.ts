import { createHash } from 'node:crypto';
import { ProblemException } from '../../common/http/problems/problem.exception.js';
import { stableKey } from '../../common/stable-key.js';

/** The `Idempotency-Key` of a write, and which write it is for. */
export interface WriteKey {
  /** SHA-256 of the key. */
  readonly digest: string;
  /** SHA-256 of the request: the same key with another request is an error of the client. */
  readonly fingerprint: string;
}

/** Visible ASCII without a space: a header that was sent twice is joined with one. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The key of a request; `undefined` without the header. A key in quotes, as the draft of the IETF writes it, is the same
 * key as without them (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
 *
 * @param request what the request asks for: operation, id, body.
 * @throws ProblemException 400 for a header that is no key.
 */
export function writeKeyOf(header: string | undefined, request: readonly unknown[]): WriteKey | undefined {
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(header.trim())?.[1] ?? header.trim();
  if (!KEY.test(key))
    throw ProblemException.invalidInput([
      { pointer: '/idempotency-key', detail: 'must be one key of 1 to 255 visible ASCII characters' },
    ]);
  return { digest: digestOf(key), fingerprint: digestOf(stableKey(request)) };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
