import { Stream } from 'node:stream';
import { types } from 'node:util';
import { isBinary } from './binary-kinds.js';
import { isError } from './error-data.js';
import type { ValuePath } from './value-path.js';

/** An object that says itself what JSON is to hold. */
export interface WithToJson {
  toJSON(key: string): unknown;
}

export function hasToJson(value: object): value is WithToJson {
  return 'toJSON' in value && typeof value.toJSON === 'function' && !hasTypeOfItsOwn(value);
}

/** Those that have a `toJSON` and are stored as what they are nevertheless. */
function hasTypeOfItsOwn(value: object): boolean {
  return isBinary(value) || types.isDate(value) || value instanceof URL;
}

/**
 * The data that is stored of an instance of a class that no codec knows and that has no `toJSON`: its own enumerable
 * properties as a plain object. What the class defines (methods, accessors) and private fields are left out. A boxed
 * primitive is its primitive.
 *
 * @throws UnstorableValueError for promises, streams and sockets, and for an instance without enumerable properties: its
 *   data is in private fields or inside of the runtime, and would be lost without a word.
 */
export function dataOfInstance(value: object, path: ValuePath): unknown {
  if (types.isBoxedPrimitive(value)) return value.valueOf();
  if (types.isPromise(value) || isThenable(value)) path.refuse('a promise');
  const name = value.constructor?.name || 'a class';
  if (value instanceof Stream) path.refuse(`an instance of ${name}`);
  const keys = Object.keys(value);
  if (keys.length === 0) path.refuse(`an instance of ${name}, which has no enumerable properties`);
  return propertiesOf(value, keys, path);
}

/** A plain object with these properties of `source`; getters are read once. */
export function propertiesOf(source: object, keys: readonly string[], path: ValuePath): object {
  return Object.fromEntries(
    keys.map((key) => {
      path.at(key);
      return [key, (source as Record<string, unknown>)[key]];
    }),
  );
}

function isThenable(value: object): boolean {
  return 'then' in value && typeof value.then === 'function';
}

/** Whether the codec has a form of its own for objects of this kind. */
export function hasForm(value: object): boolean {
  return (
    isBinary(value) ||
    types.isDate(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isRegExp(value) ||
    value instanceof URL ||
    isError(value)
  );
}
