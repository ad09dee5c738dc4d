import { types } from 'node:util';
import { binaryFrom, binaryKindOf, bytesOf, isBinary, isBuiltInBinary } from './binary-kinds.js';
import type { ClassSerializers } from './class-serializers.js';
import { errorDataOf, errorFrom, isError } from './error-data.js';
import { exactRoomAfter, hasOnlyData } from './exact-value.js';
import { isPlainObject } from './plain-object.js';
import { dataOfInstance, hasToJson, propertiesOf } from './stand-in.js';
import { UnstorableValueError } from './unstorable-value.error.js';
import { HIDDEN_STEP, ValuePath } from './value-path.js';

/** A value as a tier gives it back. */
export interface StoredForm {
  readonly value: unknown;
}

/**
 * The value as Redis would give it back: what memory keeps, with Redis and without, so that a hit has the same value
 * wherever it is found. A value that comes back as it is, is returned itself; only what differs is copied.
 *
 * @param maxBytes give up when the value is certain to be larger.
 * @returns `undefined` when it gave up.
 * @throws UnstorableValueError as `encodePayload`; also for a getter, a `toJSON` or a serializer that throws.
 */
export function storedFormOf(value: unknown, maxBytes: number, classes: ClassSerializers): StoredForm | undefined {
  if (exactRoomAfter(value, maxBytes) >= 0) return { value };
  const walk = new FormWalk(maxBytes, classes);
  const form = walk.formOf(value);
  return walk.isExhausted ? undefined : { value: form };
}

/** One walk over one value. */
class FormWalk {
  readonly #path = new ValuePath();
  readonly #classes: ClassSerializers;
  /** Bounds the walk: an object that is referred to many times is visited each time. */
  #remainingBytes: number;
  /** Instances around the walk. What they hold is theirs and may change, so it is copied. Freezing the copy leaves the instance alone. */
  #instances = 0;

  constructor(maxBytes: number, classes: ClassSerializers) {
    this.#remainingBytes = maxBytes;
    this.#classes = classes;
  }

  get isExhausted(): boolean {
    return this.#remainingBytes < 0;
  }

  formOf(value: unknown): unknown {
    try {
      return this.#form(value);
    } catch (error) {
      if (error instanceof UnstorableValueError) throw error;
      return this.#path.refuse('a value that throws when it is read', error);
    }
  }

  #form(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        this.#remainingBytes -= value.length + 2;
        return value;
      case 'object':
        return value === null ? null : this.#enter(value);
      case 'function':
      case 'symbol':
        return this.#path.refuse(`a ${typeof value}`);
      default:
        this.#remainingBytes -= 1;
        return value;
    }
  }

  #enter(value: object): unknown {
    this.#remainingBytes -= 1;
    if (this.isExhausted) return value;
    this.#path.enter(value);
    const form = this.#formOfObject(value);
    this.#path.leave();
    return form;
  }

  #inInstance<T>(walk: () => T): T {
    this.#instances++;
    const result = walk();
    this.#instances--;
    return result;
  }

  #child(key: string | number, value: unknown): unknown {
    this.#path.at(key);
    return this.#form(value);
  }

  #formOfObject(value: object): unknown {
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype !== null && prototype !== Object.prototype) {
      const serializer = this.#classes.of(prototype);
      if (serializer)
        return serializer.fromData(this.#inInstance(() => this.#child(HIDDEN_STEP, serializer.toData(value))));
    }
    if (Array.isArray(value)) return this.#formOfArray(value);
    if (hasToJson(value)) return this.#inInstance(() => this.#child('toJSON()', value.toJSON(this.#path.ownKey)));
    return isPlainObject(value) ? this.#formOfPlain(value, prototype) : this.#formOfInstance(value);
  }

  #formOfPlain(value: object, prototype: object | null): object {
    const keys = Object.keys(value);
    const source = propertiesOf(value, keys, this.#path) as Record<string, unknown>;
    const isBuiltIn = prototype === Object.prototype || prototype === null;
    let isSame = this.#instances === 0 && isBuiltIn && hasOnlyData(value, keys);
    const entries = keys.map((key): [string, unknown] => {
      this.#remainingBytes -= key.length + 3;
      const form = this.#child(key, source[key]);
      isSame &&= Object.is(form, source[key]);
      return [key, form];
    });
    if (isSame) return value;
    const copy = Object.fromEntries(entries);
    return prototype === null ? (Object.setPrototypeOf(copy, null) as object) : copy;
  }

  #formOfArray(value: readonly unknown[]): unknown {
    this.#remainingBytes -= value.length;
    if (this.isExhausted) return value;
    let copy = this.#instances === 0 && isPlainArray(value) ? undefined : elementsOf(value);
    for (let index = 0; index < value.length; index++) {
      const child = value[index];
      if (child === undefined && !(index in value)) continue;
      const form = this.#child(index, child);
      if (!Object.is(form, child)) (copy ??= elementsOf(value))[index] = form;
    }
    return copy ?? value;
  }

  #formOfInstance(value: object): unknown {
    if (isBinary(value)) {
      this.#remainingBytes -= value.byteLength;
      return isBuiltInBinary(value) ? value : binaryFrom(binaryKindOf(value), bytesOf(value), 0);
    }
    if (types.isDate(value)) return this.#isKept(value, Date.prototype) ? value : new Date(value.getTime());
    if (types.isMap(value)) return this.#formOfMap(value);
    if (types.isSet(value)) return this.#formOfSet(value);
    if (types.isRegExp(value))
      return this.#isKept(value, RegExp.prototype) && value.lastIndex === 0
        ? value
        : new RegExp(value.source, value.flags);
    if (value instanceof URL) return this.#isKept(value, URL.prototype) ? value : new URL(value.href);
    if (isError(value)) {
      const { type, properties } = errorDataOf(value);
      const form = this.#inInstance(() => this.#child(HIDDEN_STEP, properties));
      return errorFrom({ type, properties: form as Record<string, unknown> });
    }
    const data = dataOfInstance(value, this.#path);
    if (typeof data !== 'object') return this.#form(data);
    return this.#inInstance(() => this.#formOfPlain(data as object, Object.prototype));
  }

  /** Whether an object needs no copy: one of the built-in class itself, without properties that would be lost. */
  #isKept(value: object, prototype: object): boolean {
    return this.#instances === 0 && Object.getPrototypeOf(value) === prototype && Object.keys(value).length === 0;
  }

  #formOfMap(value: Map<unknown, unknown>): Map<unknown, unknown> {
    let isSame = this.#isKept(value, Map.prototype);
    const pairs = Array.from(value, ([key, child], index): [unknown, unknown] => {
      const pair: [unknown, unknown] = [this.#child(index, key), this.#child(index, child)];
      isSame &&= Object.is(pair[0], key) && Object.is(pair[1], child);
      return pair;
    });
    return isSame ? value : new Map(pairs);
  }

  #formOfSet(value: Set<unknown>): Set<unknown> {
    let isSame = this.#isKept(value, Set.prototype);
    const members = Array.from(value, (member, index) => {
      const form = this.#child(index, member);
      isSame &&= Object.is(form, member);
      return form;
    });
    return isSame ? value : new Set(members);
  }
}

/** Whether an array is of no subclass and has no properties beside its elements. Names come after indexes in its keys. */
function isPlainArray(value: readonly unknown[]): boolean {
  if (Object.getPrototypeOf(value) !== Array.prototype) return false;
  const last = Object.keys(value).at(-1);
  return last === undefined || `${Number(last) >>> 0}` === last;
}

/** A plain array with the elements and holes of another one. */
function elementsOf(value: readonly unknown[]): unknown[] {
  const copy: unknown[] = [];
  copy.length = value.length;
  for (let index = 0; index < value.length; index++) if (index in value) copy[index] = value[index];
  return copy;
}
