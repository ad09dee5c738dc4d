import { types } from 'node:util';
import { binaryKindOf, bytesOf, isBinary } from './binary-kinds.js';
import type { ClassSerializers } from './class-serializers.js';
import { errorDataOf, isError } from './error-data.js';
import { ESCAPE_KEY, type Escaped } from './escaped.types.js';
import { roomAfter } from './plain-json.js';
import { isPlainObject } from './plain-object.js';
import { dataOfInstance, hasToJson, type WithToJson } from './stand-in.js';
import { HIDDEN_STEP, ValuePath } from './value-path.js';

/**
 * Replaces what JSON can't say by {@link Escaped} objects. What needs no escape is returned as it is, the very same
 * reference, so `escaped === value` says that plain JSON will do.
 *
 * Instances of registered classes are written with the name of their class, other instances as their own enumerable
 * properties. As in JSON, a `toJSON` method speaks for its object (Date and URL keep their types nevertheless), getters are
 * read, and symbol keys, non-enumerable properties and named properties of arrays are left out. Subclasses of Map, Set,
 * Date, Array and Error come back as the built-in class they extend.
 *
 * @param maxBytes give up when the JSON is certain to be longer than this.
 * @returns `undefined` when it gave up (an `undefined` value is an escaped object).
 * @throws UnstorableValueError naming the path of a function, a symbol, a promise, a stream, an instance without enumerable
 *   properties, a cycle, or of what is nested deeper than `MAX_DEPTH`.
 */
export function escapeValue(value: unknown, maxBytes: number, classes: ClassSerializers): unknown {
  if (roomAfter(value, maxBytes) >= 0) return value;
  const escaper = new ValueEscaper(maxBytes, classes);
  const escaped = escaper.escape(value);
  return escaper.isExhausted ? undefined : escaped;
}

/** One walk over one value. */
class ValueEscaper {
  readonly #path = new ValuePath();
  readonly #classes: ClassSerializers;
  #remainingBytes: number;

  constructor(maxBytes: number, classes: ClassSerializers) {
    this.#remainingBytes = maxBytes;
    this.#classes = classes;
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
        return this.#path.refuse(`a ${typeof value}`);
    }
  }

  #enter(value: object): unknown {
    this.#remainingBytes -= 1;
    if (this.isExhausted) return value;
    this.#path.enter(value);
    const escaped = this.#escapeObject(value);
    this.#path.leave();
    return escaped;
  }

  #escapeChild(key: string | number, value: unknown): unknown {
    this.#path.at(key);
    return this.escape(value);
  }

  #escapeObject(value: object): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
      const serializer = this.#classes.of(prototype as object);
      if (serializer) return this.#escapeRegistered('instance', serializer.name, serializer.toData(value));
    }
    if (Array.isArray(value)) return this.#escapeArray(value);
    if (hasToJson(value)) return this.#escapeJson(value);
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
    if (isError(value)) {
      const { type, properties } = errorDataOf(value);
      return this.#escapeRegistered('error', type, properties);
    }
    const data = dataOfInstance(value, this.#path);
    return typeof data === 'object' ? this.#escapePlain(data as object) : this.escape(data);
  }

  #escapeRegistered(escape: 'error' | 'instance', name: string, data: unknown): Escaped {
    return { [ESCAPE_KEY]: escape, v: [name, this.#escapeChild(HIDDEN_STEP, data)] };
  }

  #escapeJson(value: WithToJson): unknown {
    const key = this.#path.ownKey;
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
}

function escapeNumber(value: number): Escaped {
  return { [ESCAPE_KEY]: 'number', v: Object.is(value, -0) ? '-0' : (`${value}` as 'NaN') };
}
