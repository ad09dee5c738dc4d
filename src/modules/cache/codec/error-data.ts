import { types } from 'node:util';

/** An error's properties, by which it can be made again. */
export interface ErrorData {
  /** The built-in class it comes back as. */
  readonly type: string;
  /** Message, stack, cause and the error's own enumerable properties. */
  readonly properties: Record<string, unknown>;
}

const TYPES = new Map<string, ErrorConstructor>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);
const AGGREGATE = 'AggregateError';
/** Not enumerable on a real error, and so neither on one that comes back. */
const HIDDEN = new Set(['name', 'message', 'stack', 'cause', 'errors']);

export function isError(value: object): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** What is stored of an error: the nearest built-in class, and its properties. */
export function errorDataOf(error: Error): ErrorData {
  const type = builtInTypeOf(error);
  const { name, message, stack } = error;
  const properties: Record<string, unknown> = { message, stack };
  if (name !== type) properties['name'] = name;
  for (const key of ['cause', 'errors']) {
    if (Object.hasOwn(error, key)) properties[key] = error[key as 'cause'];
  }
  return { type, properties: { ...properties, ...error } };
}

/** @throws TypeError for an unknown class, and for properties that are none. */
export function errorFrom({ type, properties }: ErrorData): Error {
  const Type = TYPES.get(type);
  if ((Type === undefined && type !== AGGREGATE) || typeof properties !== 'object' || properties === null)
    throw new TypeError('Malformed error');
  const error = Type === undefined ? new AggregateError([]) : new Type();
  for (const [key, value] of Object.entries(properties)) {
    Object.defineProperty(error, key, { value, enumerable: !HIDDEN.has(key), configurable: true, writable: true });
  }
  return error;
}

/** By name, because errors of another realm have classes of their own. */
function builtInTypeOf(error: Error): string {
  for (let prototype: object | null = error; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    const name = Object.hasOwn(prototype, 'constructor') ? prototype.constructor.name : '';
    if (TYPES.has(name) || name === AGGREGATE) return name;
  }
  return 'Error';
}
