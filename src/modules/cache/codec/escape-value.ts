import { types } from 'node:util';
import { binaryKindOf, bytesOf, isBinary } from './binary-kinds.js';
import { ESCAPE_KEY, MAX_DEPTH, type Escaped } from './escaped.types.js';
import { roomAfter } from './plain-json.js';
import { isPlainObject } from './plain-object.js';

/**
 * Replaces what JSON can't say by {@link Escaped} objects. What needs no escape is returned as it is, the very same
 * reference, so `escaped === value` says that plain JSON will do.
 *
 * As in JSON, a `toJSON` method speaks for its object (Date and URL keep their types nevertheless), getters are read,
 * and symbol keys, non-enumerable properties and named properties of arrays are left out. Subclasses of Map, Set, Date
 * and Array come back as the class they extend.
 *
 * @param maxBytes give up when the JSON is certain to be longer than this.
 * @returns `undefined` when it gave up (an `undefined` value is an escaped object).
 * @throws TypeError naming the path of a function, a symbol, a class instance without `toJSON`, a cycle, or of what is
 *   nested deeper than {@link MAX_DEPTH}.
 */
export function escapeValue(value: unknown, maxBytes: number): unknown {
  if (roomAfter(value, maxBytes) >= 0) return value;
  const escaper = new ValueEscaper(maxBytes);
  const escaped = escaper.escape(value);
  return escaper.isExhausted ? undefined : escaped;
}

/** One walk over one value. */
class ValueEscaper {
  #depth = 0;
  /** Keys and objects from the root down to here; entries at `#depth` and above are left over from earlier branches. */
  readonly #path: (string | number)[] = [];
  readonly #ancestors: object[] = [];
  #remainingBytes: number;

  constructor(maxBytes: number) {
    this.#remainingBytes = maxBytes;
  }

  get isExhausted(): boolean {
    return this.#remainingBytes < 0;
  }

  escape(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        this.#remainingBytes -= value.length + 2;
        return value;
      case 'number':
        this.#remainingBytes -= 1;
        return Number.isFinite(value) && !Object.is(value, -0) ? value : escapeNumber(value);
      case 'boolean':
        this.#remainingBytes -= 4;
        return value;
      case 'object':
        return value === null ? null : this.#enter(value);
      case 'undefined':
        return { [ESCAPE_KEY]: 'undefined' } satisfies Escaped;
      case 'bigint':
        return this.#escapeBigint(value);
      default:
        return this.#refuse(`a ${typeof value}`);
    }
  }

  #enter(value: object): unknown {
    this.#remainingBytes -= 1;
    if (this.isExhausted) return value;
    if (this.#depth === MAX_DEPTH) {
      this.#refuse(this.#ancestors.includes(value) ? 'a cycle' : `nested deeper than ${MAX_DEPTH} levels`);
    }
    this.#ancestors[this.#depth++] = value;
    const escaped = this.#escapeObject(value);
    this.#depth--;
    return escaped;
  }

  #escapeChild(key: string | number, value: unknown): unknown {
    this.#path[this.#depth - 1] = key;
    return this.escape(value);
  }

  #escapeObject(value: object): unknown {
    if (Array.isArray(value)) return this.#escapeArray(value);
    if (hasToJson(value) && !hasTypeOfItsOwn(value)) return this.#escapeJson(value);
    return isPlainObject(value) ? this.#escapePlain(value) : this.#escapeInstance(value);
  }

  #escapePlain(value: object): unknown {
    const escaped = this.#escapeProperties(value);
    if (Object.getPrototypeOf(value) === null) {
      return { [ESCAPE_KEY]: 'dictionary', v: Object.entries(escaped) } satisfies Escaped;
    }
    if (!Object.hasOwn(value, ESCAPE_KEY)) return escaped;
    return { [ESCAPE_KEY]: 'object', v: Object.entries(escaped) } satisfies Escaped;
  }

  #escapeInstance(value: object): unknown {
    if (isBinary(value)) return this.#escapeBinary(value);
    if (types.isDate(value)) {
      const ms = value.getTime();
      return { [ESCAPE_KEY]: 'date', v: Number.isNaN(ms) ? null : ms } satisfies Escaped;
    }
    if (types.isMap(value)) return this.#escapeMap(value);
    if (types.isSet(value)) return this.#escapeSet(value);
    if (types.isRegExp(value)) return { [ESCAPE_KEY]: 'regexp', v: [value.source, value.flags] } satisfies Escaped;
    if (value instanceof URL) return { [ESCAPE_KEY]: 'url', v: value.href } satisfies Escaped;
    return this.#refuse(`an instance of ${value.constructor?.name || 'a class'}`);
  }

  #escapeJson(value: WithToJson): unknown {
    const key = String(this.#path[this.#depth - 2] ?? '');
    // Nothing of the object itself is written.
    this.#remainingBytes += 1;
    return this.#escapeChild('toJSON()', value.toJSON(key));
  }

  #escapeProperties(value: object): object {
    const source = value as Record<string, unknown>;
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(source)) {
      this.#remainingBytes -= key.length + 3;
      const child = source[key];
      const escaped = this.#escapeChild(key, child);
      // A spread defines `__proto__` as a property of its own, so the assignment can't reach the prototype.
      if (escaped !== child) (copy ??= { ...source })[key] = escaped;
    }
    return copy ?? value;
  }

  #escapeArray(value: unknown[]): unknown {
    // A comma or the closing bracket behind each.
    this.#remainingBytes -= value.length;
    if (this.isExhausted) return value;
    let copy: unknown[] | undefined;
    const holes: number[] = [];
    for (let index = 0; index < value.length; index++) {
      const child = value[index];
      if (child === undefined && !(index in value)) {
        holes.push(index);
        continue;
      }
      const escaped = this.#escapeChild(index, child);
      if (escaped !== child) (copy ??= value.slice())[index] = escaped;
    }
    if (holes.length === 0) return copy ?? value;
    return { [ESCAPE_KEY]: 'sparse', v: [copy ?? value, holes] } satisfies Escaped;
  }

  #escapeMap(value: Map<unknown, unknown>): Escaped {
    const pairs = Array.from(value, ([key, child], index): [unknown, unknown] => [
      this.#escapeChild(index, key),
      this.#escapeChild(index, child),
    ]);
    return { [ESCAPE_KEY]: 'map', v: pairs };
  }

  #escapeSet(value: Set<unknown>): Escaped {
    return { [ESCAPE_KEY]: 'set', v: Array.from(value, (member, index) => this.#escapeChild(index, member)) };
  }

  #escapeBinary(value: ArrayBufferView | ArrayBuffer): unknown {
    this.#remainingBytes -= Math.ceil((value.byteLength * 4) / 3);
    if (this.isExhausted) return value;
    return { [ESCAPE_KEY]: 'binary', v: [binaryKindOf(value), bytesOf(value).toString('base64')] } satisfies Escaped;
  }

  #escapeBigint(value: bigint): Escaped {
    const digits = value.toString(16);
    this.#remainingBytes -= digits.length;
    return { [ESCAPE_KEY]: 'bigint', v: digits };
  }

  #refuse(what: string): never {
    const path = this.#path
      .slice(0, this.#depth)
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
      .join('');
    throw new TypeError(`Can't cache ${what}, found at value${path}.`);
  }
}

function escapeNumber(value: number): Escaped {
  return { [ESCAPE_KEY]: 'number', v: Object.is(value, -0) ? '-0' : (`${value}` as 'NaN') };
}

interface WithToJson {
  toJSON(key: string): unknown;
}

function hasToJson(value: object): value is WithToJson {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

/** Those that have a `toJSON` and are stored as what they are nevertheless. */
function hasTypeOfItsOwn(value: object): boolean {
  return isBinary(value) || types.isDate(value) || value instanceof URL;
}
