import { ProblemException } from '../../../common/http/problems/problem.exception.js';
import type { JsonValue, SessionData } from '../session.types.js';

/** Data nested deeper is refused, so that code which walks it needs little stack. */
const MAX_DEPTH = 32;

type JsonObject = { readonly [key: string]: JsonValue };

/**
 * Applies a JSON Merge Patch (RFC 7396) to `current`: members of the patch replace, `null` removes, objects merge.
 * Returns a new object; neither argument is changed.
 */
export function mergeData(current: SessionData, patch: SessionData): SessionData {
  const merged = new Map(Object.entries(current));
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) merged.delete(key);
    else if (isObject(change)) {
      const value = merged.get(key);
      merged.set(key, mergeData(isObject(value) ? value : {}, change));
    } else merged.set(key, change);
  }
  return Object.fromEntries(merged);
}

/**
 * The JSON under which data is stored.
 *
 * @throws ProblemException 400 when it is nested more than 32 deep or has a member called `__proto__`; 413 when its JSON
 *   is longer than `maxBytes`.
 */
export function encodeData(data: SessionData, maxBytes: number): string {
  checkShape(data);
  const text = JSON.stringify(data);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxBytes) {
    throw new ProblemException(413, {
      type: 'urn:larder:session-too-large',
      title: 'The session data is too large',
      detail: `The data would take ${sizeBytes} bytes of JSON; ${maxBytes} are allowed (SESSION_MAX_BYTES).`,
    });
  }
  return text;
}

/** Parses the output of {@link encodeData}. The result is deeply frozen, because readers share it. */
export function decodeData(text: string): SessionData {
  return JSON.parse(text, (_key, value: JsonValue) => Object.freeze(value)) as SessionData;
}

function checkShape(data: SessionData): void {
  let level: JsonValue[] = [data];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      throw ProblemException.invalidInput([{ pointer: '/data', detail: `nested more than ${MAX_DEPTH} deep` }]);
    level = level.flatMap(membersOf);
  }
}

function membersOf(value: JsonValue): readonly JsonValue[] {
  if (Array.isArray(value)) return value as readonly JsonValue[];
  if (!isObject(value)) return [];
  if (Object.hasOwn(value, '__proto__')) {
    throw ProblemException.invalidInput([{ pointer: '/data', detail: 'a member must not be called __proto__' }]);
  }
  return Object.values(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
