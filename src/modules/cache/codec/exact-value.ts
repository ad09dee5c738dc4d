import { types } from 'node:util';
import { isBinary, isBuiltInBinary } from './binary-kinds.js';
import { MAX_DEPTH } from './escaped.types.js';

/**
 * Whether a value comes back from Redis exactly as it is, so that memory may keep it without a copy: primitives, dates,
 * binaries, and arrays, literals and objects without prototype of them. They have no accessors and no properties that JSON
 * leaves out. The common case, so it is found out without keeping a path.
 *
 * @param room what the value's JSON may take, in bytes.
 * @returns what is left of `room`: 0 or more for a value that is so and may fit. Below 0 when it takes more, `NaN` when it
 *   is not so or not known to be.
 */
export function exactRoomAfter(value: unknown, room: number, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return room - value.length - 2;
    case 'number':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return room - 1;
    case 'object':
      if (value === null) return room - 4;
      if (depth === MAX_DEPTH) return Number.NaN;
      return Array.isArray(value) ? afterItems(value, room - 2, depth + 1) : afterObject(value, room - 2, depth + 1);
    default:
      return Number.NaN;
  }
}

function afterItems(items: readonly unknown[], room: number, depth: number): number {
  if (Object.getPrototypeOf(items) !== Array.prototype || !isDense(items)) return Number.NaN;
  let left = room;
  for (let i = 0; i < items.length && left >= 0; i++) left = exactRoomAfter(items[i], left - 1, depth);
  return left;
}

/** Whether an array has no holes and no properties beside its elements. Names come after indexes in its keys. */
function isDense(items: readonly unknown[]): boolean {
  const keys = Object.keys(items);
  return keys.length === items.length && (items.length === 0 || keys.at(-1) === `${items.length - 1}`);
}

/** Whether an object has no properties but these, and no accessor among them. */
export function hasOnlyData(object: object, keys: readonly string[]): boolean {
  if (Object.getOwnPropertyNames(object).length !== keys.length) return false;
  if (Object.getOwnPropertySymbols(object).length > 0) return false;
  return keys.every((key) => Object.hasOwn(Object.getOwnPropertyDescriptor(object, key)!, 'value'));
}

function afterObject(object: object, room: number, depth: number): number {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return afterLeaf(object, prototype, room);
  const fields = object as Record<string, unknown>;
  if (fields['toJSON'] !== undefined) return Number.NaN;
  const keys = Object.keys(fields);
  if (Object.getOwnPropertyNames(object).length !== keys.length) return Number.NaN;
  if (Object.getOwnPropertySymbols(object).length > 0) return Number.NaN;
  let left = room;
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(object, key)!;
    if (property.get !== undefined || property.set !== undefined) return Number.NaN;
    left = exactRoomAfter(property.value, left - key.length - 3, depth);
    if (!(left >= 0)) return left;
  }
  return left;
}

function afterLeaf(object: object, prototype: unknown, room: number): number {
  if (isBinary(object)) return isBuiltInBinary(object) ? room - object.byteLength : Number.NaN;
  return prototype === Date.prototype && types.isDate(object) && Object.keys(object).length === 0 ? room : Number.NaN;
}
