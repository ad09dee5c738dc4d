import { createHash } from 'node:crypto';
import { types } from 'node:util';

/**
 * Text that stands for a value: equal values give equal text, different values different text (it is injective). Every
 * part carries its type and its length, so `['a:b', 'c']` and `['a', 'b:c']`, `1` and `'1'`, `null` and `undefined` are
 * apart. Order does not matter in objects, maps and sets.
 *
 * Understands what survives being written down: primitives, arrays, plain objects, `Date`, `Map`, `Set`, `RegExp`,
 * buffers and typed arrays, and instances of classes that say how by a `toJSON` method (`URL`, decimals...).
 *
 * @throws UnstableKeyError for the rest: functions, symbols, cycles, and class instances, whose private state can't be
 *   seen: two that look the same might not be.
 */
export function stableKey(value: unknown): string {
  return encode(value, []);
}

/** {@link stableKey} of at most `maxLength` characters: longer text is replaced by its SHA-256, behind a `#`. */
export function boundedStableKey(value: unknown, maxLength = 128): string {
  const key = stableKey(value);
  return key.length <= maxLength ? key : `#${createHash('sha256').update(key).digest('base64url')}`;
}

/** A value that no stable text can stand for. */
export class UnstableKeyError extends TypeError {
  /** @param what the offending part, as `a function`. */
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

/** Of no class: made by a literal (in any realm) or without a prototype. */
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

/** Lone surrogates would all become the same replacement character in UTF-8, so such text is written as its code units. */
function text(value: string): string {
  if (value.isWellFormed()) return `s${value.length}:${value}`;
  return `w${value.length}:${Buffer.from(value, 'utf16le').toString('hex')}`;
}
