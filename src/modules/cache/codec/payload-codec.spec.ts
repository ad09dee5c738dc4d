import { deepStrictEqual } from 'node:assert';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { decodePayload, encodePayload, PayloadCodec } from './payload-codec.js';

const roundTrip = (value: unknown): unknown => {
  const payload = encodePayload(value, 1e8);
  if (!payload) throw new Error('too large');
  return decodePayload(payload.codec, payload.bytes, 0);
};
const codecOf = (value: unknown): PayloadCodec | undefined => encodePayload(value, 1e8)?.codec;
const ownProto = (value: unknown): object => JSON.parse(`{"__proto__":${JSON.stringify(value)}}`) as object;

// oxlint-disable-next-line no-sparse-arrays
const sparse = [, 1, , undefined, ,];

describe('values that survive unchanged', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['false', false],
    ['the empty string', ''],
    ['zero', 0],
    ['negative zero', -0],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['minus infinity', Number.NEGATIVE_INFINITY],
    ['the smallest number', Number.MIN_VALUE],
    ['a bigint', -(2n ** 80n)],
    ['bigint zero', 0n],
    ['a date', new Date(1_763_900_000_000)],
    ['an invalid date', new Date(Number.NaN)],
    [
      'a map',
      new Map<unknown, unknown>([
        ['a', 1],
        [{ key: 1 }, new Map([[1n, undefined]])],
      ]),
    ],
    ['a set', new Set([1, 'two', new Set([null])])],
    ['a regexp', /^a\/(?<b>.)$/giu],
    ['undefined in an object', { a: undefined }],
    ['undefined in an array', [undefined, null]],
    ['a sparse array', sparse],
    ['a sparse array of what is escaped', Object.assign([], { 2: new Date(5) })],
    ['an empty object', {}],
    ['an object without prototype', Object.assign(Object.create(null) as object, { a: [1n] })],
    ['a mix', { rows: [{ at: new Date(0), tags: new Set(['x']), n: 1n, blank: undefined }], total: 3 }],
  ])('%s', (_, value) => {
    deepStrictEqual(roundTrip(value), value);
    deepStrictEqual(roundTrip({ nested: [value] }), { nested: [value] });
  });

  it('a URL', () => {
    const url = roundTrip(new URL('https://user@example.com/a?b=c#d')) as URL;
    expect(url).toBeInstanceOf(URL);
    expect(url.href).toBe('https://user@example.com/a?b=c#d');
  });

  it.each([
    '_function_then|x => process.exit()',
    '_date_2020-01-01T00:00:00.000Z',
    '_undefined_',
    '{"~":"date","v":0}',
    '__proto__',
    '\u2028\u0000\ud800 lone, \udc00 lone, 😀',
  ])('the string %j, as value and as key', (text) => {
    expect(roundTrip(text)).toBe(text);
    expect(roundTrip([text])).toEqual([text]);
    expect(Object.keys(roundTrip(Object.fromEntries([[text, 1]])) as object)).toEqual([text]);
  });

  it.each<[string, object]>([
    ['something like an escape', { '~': 'date', v: 0 }],
    ['an unknown escape', { '~': 'no such type' }],
    ['an escape key beside others, nested', { a: { '~': { '~': 1n }, b: undefined } }],
    ['a fake Buffer', { type: 'Buffer', data: [1, 2] }],
    ['a thenable made of strings', JSON.parse('{"then":"_function_then|x","toJSON":"text"}')],
    ['a constructor', { constructor: { prototype: { polluted: 1 } } }],
  ])('an object that looks like %s', (_, value) => {
    deepStrictEqual(roundTrip(value), value);
  });

  it('any string at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(0xffff)), (text, units) => {
        const raw = text + String.fromCharCode(...units);
        deepStrictEqual(roundTrip({ [`k${raw}`]: raw }), { [`k${raw}`]: raw });
      }),
    );
  });

  it('any value made of supported types', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      key: fc.oneof(fc.string(), fc.constantFrom('~', 'v', '__proto__', 'constructor', 'toString')),
      maxDepth: 4,
    });
    fc.assert(
      fc.property(anything, (value) => deepStrictEqual(roundTrip(value), value)),
      { numRuns: 1_000 },
    );
  });
});

describe('a key named __proto__', () => {
  it.each<[string, unknown]>([
    ['in plain JSON', ownProto({ polluted: true })],
    ['beside something escaped', { ...ownProto({ polluted: true }), at: new Date(0) }],
    ['holding something escaped', { a: Object.fromEntries([['__proto__', { polluted: 1n }]]) }],
    ['beside the escape key', { ...ownProto({ polluted: true }), '~': 1 }],
  ])('stays a property of its own %s', (_, value) => {
    const copy = roundTrip(value) as Record<string, unknown>;
    deepStrictEqual(copy, value);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect((copy as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('values that JSON can hold', () => {
  it('is stored as plain JSON, without a copy', () => {
    const value = { id: 1, list: [true, null, 'x', { deep: -1.5e-7 }] };
    expect(codecOf(value)).toBe(PayloadCodec.Json);
    expect(encodePayload(value, 1e8)?.bytes.toString()).toBe(JSON.stringify(value));
    expect(codecOf({ ...value, at: new Date(0) })).toBe(PayloadCodec.EscapedJson);
  });

  it('leaves the value it was given alone', () => {
    const value = Object.freeze({ list: Object.freeze([new Date(0), 1n]), map: new Map([[1, undefined]]) });
    roundTrip(value);
    deepStrictEqual(value, { list: [new Date(0), 1n], map: new Map([[1, undefined]]) });
  });

  it('speaks through toJSON, as with JSON.stringify', () => {
    class Money {
      constructor(readonly cents: number) {}
      toJSON(key: string): unknown {
        return { key, cents: this.cents };
      }
    }
    expect(roundTrip({ price: new Money(5) })).toEqual({ price: { key: 'price', cents: 5 } });
    expect(roundTrip(new Money(5))).toEqual({ key: '', cents: 5 });
  });
});

describe('binary values', () => {
  const bytes = Buffer.from(Array.from({ length: 48 }, (_, index) => (index * 7) % 128));
  const buffer = (): ArrayBuffer => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 48) as ArrayBuffer;
  const kinds: [string, unknown][] = [
    ['Buffer', Buffer.from(buffer())],
    ['Uint8Array', new Uint8Array(buffer())],
    ['Uint8ClampedArray', new Uint8ClampedArray(buffer())],
    ['Int8Array', new Int8Array(buffer())],
    ['Uint16Array', new Uint16Array(buffer())],
    ['Int16Array', new Int16Array(buffer())],
    ['Uint32Array', new Uint32Array(buffer())],
    ['Int32Array', new Int32Array(buffer())],
    ['BigUint64Array', new BigUint64Array(buffer())],
    ['BigInt64Array', new BigInt64Array(buffer())],
    ['Float16Array', new Float16Array(buffer())],
    ['Float32Array', new Float32Array(buffer())],
    ['Float64Array', new Float64Array(buffer())],
    ['ArrayBuffer', buffer()],
    ['DataView', new DataView(buffer())],
  ];

  it.each(kinds)('%s survives, alone as raw bytes and nested', (name, value) => {
    expect(encodePayload(value, 1e8)?.bytes).toHaveLength(49);
    for (const copy of [roundTrip(value), (roundTrip([value]) as unknown[])[0]]) {
      expect((copy as object).constructor.name).toBe(name);
      expect(copy).toEqual(value);
    }
  });

  it('survives empty', () => {
    expect(roundTrip(new Float32Array(0))).toEqual(new Float32Array(0));
    expect(Buffer.isBuffer(roundTrip(Buffer.alloc(0)))).toBe(true);
  });

  it('takes only the part a view shows, NaN payloads bit for bit', () => {
    const words = new Uint32Array([1, 0x7fc0_1234, 0xffc0_0001, 9]);
    const view = new Float32Array(words.buffer, 4, 2);
    const copy = roundTrip(view) as Float32Array;
    expect([...new Uint32Array(copy.buffer)]).toEqual([0x7fc0_1234, 0xffc0_0001]);
  });

  it('is decoded from any alignment into memory of its own', () => {
    const vector = Float32Array.from({ length: 768 }, (_, index) => Math.fround(index / 7));
    const payload = encodePayload(vector, 1e8)?.bytes as Buffer;
    for (let offset = 0; offset < 8; offset++) {
      const chunk = Buffer.concat([Buffer.alloc(offset), payload]);
      const copy = decodePayload(PayloadCodec.Binary, chunk, offset) as Float32Array;
      expect(copy).toEqual(vector);
      expect(copy.buffer.byteLength).toBe(768 * 4);
      chunk.fill(0);
      expect(copy[700]).toBe(vector[700]);
    }
  });
});

describe('values that are refused', () => {
  const selfCaused = new Error('x');
  selfCaused.cause = selfCaused;
  const cycle: Record<string, unknown> = { a: [{}] };
  (cycle.a as Record<string, unknown>[])[0]!.self = cycle;
  class Money {
    readonly #cents = 5;
    cents(): number {
      return this.#cents;
    }
  }

  it.each<[string, unknown, string]>([
    ['a function', { user: { roles: [1, () => 1] } }, 'a function, found at value.user.roles[1]'],
    ['a symbol', Symbol('s'), 'a symbol, found at value.'],
    ['an instance of private fields alone', [new Money()], 'an instance of Money, which has no enumerable properties'],
    ['a promise', { later: Promise.resolve() }, 'a promise, found at value.later'],
    ['a socket', { socket: new Socket() }, 'an instance of Socket, found at value.socket'],
    ['a WeakMap', [new WeakMap()], 'an instance of WeakMap'],
    ['what fetch gives', [new Response('text')], 'an instance of Response'],
    ['a generator', [(function* () {})()], 'found at value[0]'],
    ['a method of an instance', Object.assign(new Money(), { rows: [() => 1] }), 'a function, found at value.rows[0]'],
    ['a cycle through an error', selfCaused, 'a cycle'],
    ['a cycle', cycle, 'a cycle, found at value.a[0].self'],
    ['a function in a map', new Map([['k', { f: () => 1 }]]), 'a function, found at value[0].f'],
    [
      'a toJSON that returns itself',
      {
        toJSON() {
          return this;
        },
      },
      'a cycle',
    ],
  ])('%s, with its path', (_, value, message) => {
    expect(() => encodePayload(value, 1e8)).toThrow(TypeError);
    expect(() => encodePayload(value, 1e8)).toThrow(message);
  });

  it('the same object twice is not a cycle', () => {
    const shared = { at: new Date(0) };
    expect(roundTrip([shared, shared, { shared }])).toEqual([shared, shared, { shared }]);
  });

  it.each<[string, (inner: unknown) => unknown]>([
    ['arrays', (inner) => [inner]],
    ['objects', (inner) => ({ inner })],
    ['maps', (inner) => new Map([[1, inner]])],
    ['sparse arrays', (inner) => Object.assign([], { 1: inner })],
    ['objects with the escape key', (inner) => ({ '~': inner })],
  ])('%s nested deeper than 512 levels', (_, wrap) => {
    const nest = (levels: number): unknown => {
      let value: unknown = {};
      for (let level = 1; level < levels; level++) value = wrap(value);
      return value;
    };
    let levels = 0;
    for (let value = roundTrip(nest(512)); value !== undefined; levels++) {
      value =
        value instanceof Map ? value.get(1) : Array.isArray(value) ? value.at(-1) : Object.values(value as object)[0];
    }
    expect(levels).toBe(512);
    expect(() => encodePayload(nest(513), 1e8)).toThrow('nested deeper than 512 levels');
    expect(() => encodePayload(nest(100_000), 1e8)).toThrow('nested deeper than 512 levels');
  });
});
