import { createHash } from 'node:crypto';
import { types } from 'node:util';

/**
 * A text that represents a value: equal values give equal texts, different values give different texts (it is injective).
 * Every part contains its type and its length, so `['a:b', 'c']` and `['a', 'b:c']`, `1` and `'1'`, `null` and `undefined`
 * differ. The order in objects, maps and sets does not matter.
 *
 * It supports primitives, arrays, plain objects, `Date`, `Map`, `Set`, `RegExp`, buffers and typed arrays, and instances of
 * classes with a `toJSON` method (`URL`, decimals...).
 *
 * @throws UnstableKeyError for other values: functions, symbols, cycles, and other class instances. Their private state is
 *   invisible, so two different ones could look the same.
 */
export function stableKey(value: unknown): string {
  return encode(value, []);
}

/** {@link stableKey} of at most `maxLength` characters: a longer text is replaced by `#` and its SHA-256. */
export function boundedStableKey(value: unknown, maxLength = 128): string {
  const key = stableKey(value);
  return key.length <= maxLength ? key : `#${createHash('sha256').update(key).digest('base64url')}`;
}

/** A value without a stable text. */
export class UnstableKeyError extends TypeError {
  /** @param what the unsupported part, as `a function`. */
  constructor(readonly what: string) {
    super(`No stable key can be made of ${what}`);
    this.name = 'UnstableKeyError';
  }
}

function encode(value: unknown, ancestors: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'number':
      return `d${Object.is(value, -0) ? '-0' : value};`;
    case 'bigint':
      return `i${value};`;
    case 'boolean':
      return value ? 't' : 'f';
    case 'undefined':
      return 'u';
    case 'object':
      return value === null ? 'n' : encodeObject(value, ancestors);
    default:
      throw new UnstableKeyError(`a ${typeof value}`);
  }
}

function encodeObject(value: object, above: readonly object[]): string {
  if (above.includes(value)) throw new UnstableKeyError('a value that contains itself');
  const ancestors = [...above, value];
  const each = (values: Iterable<unknown>) => Array.from(values, (item) => encode(item, ancestors));

  if (Array.isArray(value)) return list('[', each(value));
  if (types.isDate(value)) return `D${value.getTime()};`;
  if (types.isSet(value)) return list('S', each(value).sort());
  if (types.isMap(value)) return list('M', Array.from(value, (pair) => each(pair).join('')).sort());
  if (types.isRegExp(value)) return `R${text(value.source)}${text(value.flags)}`;
  if (ArrayBuffer.isView(value)) return `B${text(value.constructor.name)}${bytes(value)}`;

  if (isPlain(value)) {
    return list(
      '{',
      Object.keys(value)
        .sort()
        .map((name) => text(name) + encode((value as Record<string, unknown>)[name], ancestors)),
    );
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return `J${text(value.constructor.name)}${encode(value.toJSON(), ancestors)}`;
  }
  throw new UnstableKeyError(`an instance of ${value.constructor.name} (it has no toJSON method)`);
}

/** Whether an object has no class: it was made by a literal (in any realm) or has no prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function list(kind: string, items: readonly string[]): string {
  return `${kind}${items.length}:${items.join('')}`;
}

function bytes(view: ArrayBufferView): string {
  return text(Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64'));
}

/** In UTF-8 all lone surrogates become the same replacement character, so a text with one is written as its code units. */
function text(value: string): string {
  if (value.isWellFormed()) return `s${value.length}:${value}`;
  return `w${value.length}:${Buffer.from(value, 'utf16le').toString('hex')}`;
}
