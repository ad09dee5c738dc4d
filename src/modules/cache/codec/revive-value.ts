import { binaryFrom } from './binary-kinds.js';
import { type ClassSerializers, decoratedClasses } from './class-serializers.js';
import { errorFrom } from './error-data.js';
import { ESCAPE_KEY, JSON_LEVELS_PER_LEVEL, MAX_DEPTH, type Escaped } from './escaped.types.js';

const MAX_JSON_DEPTH = MAX_DEPTH * JSON_LEVELS_PER_LEVEL + JSON_LEVELS_PER_LEVEL;

const SPECIAL_NUMBERS = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((number) => [`${number}`, number]),
).set('-0', -0);

/**
 * Turns the {@link Escaped} objects in freshly parsed JSON back into what they stand for, in place.
 *
 * @throws an error for an unknown type, a malformed escape, a class that is not registered, or too deep a nesting. Nothing is
 *   called or evaluated by name but the serializers of registered classes.
 */
export function reviveValue(parsed: unknown, classes: ClassSerializers = decoratedClasses): unknown {
  return revive(parsed, 0, classes);
}

function revive(node: unknown, depth: number, classes: ClassSerializers): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (depth > MAX_JSON_DEPTH) throw new RangeError('Nested too deep');
  if (Array.isArray(node)) {
    for (let index = 0; index < node.length; index++) node[index] = revive(node[index], depth + 1, classes);
    return node;
  }
  if (Object.hasOwn(node, ESCAPE_KEY)) return reviveEscaped(node as Escaped, depth + 1, classes);
  const properties = node as Record<string, unknown>;
  // JSON.parse defines `__proto__` as a property of its own, so this assignment can't reach the prototype.
  for (const key of Object.keys(properties)) properties[key] = revive(properties[key], depth + 1, classes);
  return node;
}

function reviveEscaped(escaped: Escaped, depth: number, classes: ClassSerializers): unknown {
  switch (escaped[ESCAPE_KEY]) {
    case 'undefined':
      return undefined;
    case 'number':
      return reviveNumber(escaped.v);
    case 'bigint':
      return reviveBigint(escaped.v);
    case 'date':
      return reviveDate(escaped.v);
    case 'map':
      return new Map(reviveList<[unknown, unknown]>(escaped.v, depth, classes));
    case 'set':
      return new Set(reviveList(escaped.v, depth, classes));
    case 'object':
      return Object.fromEntries(reviveList<[string, unknown]>(escaped.v, depth, classes));
    case 'dictionary':
      return Object.setPrototypeOf(Object.fromEntries(reviveList<[string, unknown]>(escaped.v, depth, classes)), null);
    case 'sparse':
      return reviveSparse(escaped.v, depth, classes);
    case 'regexp':
      return new RegExp(escaped.v[0], escaped.v[1]);
    case 'url':
      return new URL(escaped.v);
    case 'error':
      return errorFrom({ type: escaped.v[0], properties: reviveProperties(escaped.v[1], depth, classes) });
    case 'instance':
      return classes.revive(escaped.v[0], revive(escaped.v[1], depth, classes));
    case 'binary':
      return binaryFrom(escaped.v[0], Buffer.from(escaped.v[1], 'base64'), 0);
    default:
      throw new TypeError('Unknown escape');
  }
}

function reviveList<T>(list: T[], depth: number, classes: ClassSerializers): T[] {
  if (!Array.isArray(list)) throw new TypeError('Malformed escape');
  return revive(list, depth, classes) as T[];
}

function reviveProperties(properties: unknown, depth: number, classes: ClassSerializers): Record<string, unknown> {
  return revive(properties, depth, classes) as Record<string, unknown>;
}

function reviveNumber(name: string): number {
  const number = SPECIAL_NUMBERS.get(name);
  if (number === undefined) throw new TypeError('Unknown number');
  return number;
}

function reviveDate(ms: number | null): Date {
  if (ms !== null && typeof ms !== 'number') throw new TypeError('Malformed date');
  return new Date(ms ?? Number.NaN);
}

function reviveBigint(digits: string): bigint {
  return digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
}

function reviveSparse([values, holes]: [unknown[], number[]], depth: number, classes: ClassSerializers): unknown[] {
  const array = reviveList(values, depth + 1, classes);
  // oxlint-disable-next-line typescript/no-array-delete -- a hole is what the array had there
  for (const index of holes) delete array[index];
  return array;
}
