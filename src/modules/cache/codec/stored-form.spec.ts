import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { type ClassSerializer, ClassSerializers } from './class-serializers.js';
import { decodePayload, encodePayload } from './payload-codec.js';
import { storedFormOf } from './stored-form.js';
import { UnstorableValueError } from './unstorable-value.error.js';

class Customer {
  readonly #secret = 'private';
  constructor(
    readonly name: string,
    readonly orders: unknown[] = [],
  ) {}
  get title(): string {
    return `Customer ${this.name}`;
  }
  secret(): string {
    return this.#secret;
  }
}

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}

class Point {
  constructor(
    readonly x: number,
    readonly y: { readonly of: unknown },
  ) {}
  norm(): number {
    return Math.abs(this.x);
  }
}

class NotFound extends RangeError {
  override readonly name = 'NotFound';
  constructor(readonly id: string) {
    super(`No ${id}`, { cause: new Customer('cause') });
  }
}

class Prices extends Map<string, unknown> {}
class Names extends Array<string> {}
class Day extends Date {}
class Vector extends Float32Array {}

const money: ClassSerializer<Money, number> = {
  class: Money,
  toData: ({ cents }) => cents,
  fromData: (cents) => new Money(cents),
};
const classes = new ClassSerializers([money, { class: Point }]);

const inRedis = (value: unknown): unknown => {
  const { codec, bytes } = encodePayload(value, 1e8, 0, classes)!;
  return decodePayload(codec, bytes, 0, classes);
};
const inMemory = (value: unknown): unknown => storedFormOf(value, 1e8, classes)!.value;

let reads = 0;
const withGetter = {
  get read(): number {
    return ++reads;
  },
};

describe('a value in memory is what it is in Redis', () => {
  it.each<[string, unknown, unknown]>([
    ['an instance', new Customer('Ada'), { name: 'Ada', orders: [] }],
    [
      'instances in instances',
      new Customer('Ada', [new Customer('Bob')]),
      { name: 'Ada', orders: [{ name: 'Bob', orders: [] }] },
    ],
    ['an array of instances', [new Customer('Ada'), 1], [{ name: 'Ada', orders: [] }, 1]],
    ['a Map of instances', new Map([['a', new Customer('Ada')]]), new Map([['a', { name: 'Ada', orders: [] }]])],
    ['a Set of instances', new Set([new Customer('Ada')]), new Set([{ name: 'Ada', orders: [] }])],
    [
      'an instance with dates and bytes',
      new Customer('Ada', [new Date(5), Buffer.from('x'), 5n]),
      { name: 'Ada', orders: [new Date(5), Buffer.from('x'), 5n] },
    ],
    ['a boxed primitive', [new Number(5), new String('x')], [5, 'x']],
    ['a symbol key', { a: 1, [Symbol('s')]: 2 }, { a: 1 }],
    ['a property that is not enumerable', Object.defineProperty({ a: 1 }, 'hidden', { value: 2 }), { a: 1 }],
    ['a named property of an array', Object.assign([1], { index: 0 }), [1]],
    [
      'a named property of an array with a hole',
      Object.assign([1], { length: 2, index: 0 }),
      Object.assign([1], { length: 2 }),
    ],
    ['a subclass of Map', new Prices([['a', 1]]), new Map([['a', 1]])],
    ['a subclass of Array', Names.of('a'), ['a']],
    ['a subclass of Date', new Day(5), new Date(5)],
    ['a subclass of Float32Array', Vector.of(1.5), Float32Array.of(1.5)],
    ['a property of a Map', Object.assign(new Map([['a', 1]]), { extra: 1 }), new Map([['a', 1]])],
    [
      'an object with toJSON',
      { price: { toJSON: (key: string) => ({ key, at: new Date(5) }) } },
      { price: { key: 'price', at: new Date(5) } },
    ],
    [
      'an object without prototype',
      Object.assign(Object.create(null) as object, { a: new Customer('Ada') }),
      Object.assign(Object.create(null) as object, { a: { name: 'Ada', orders: [] } }),
    ],
    [
      'a property named __proto__',
      { ...(JSON.parse('{"__proto__":{"a":1}}') as object), customer: new Customer('Ada') },
      Object.fromEntries([
        ['__proto__', { a: 1 }],
        ['customer', { name: 'Ada', orders: [] }],
      ]),
    ],
    ['the escape key', { '~': new Customer('Ada') }, { '~': { name: 'Ada', orders: [] } }],
  ])('%s', (_, value, expected) => {
    deepStrictEqual(inRedis(value), expected);
    deepStrictEqual(inMemory(value), expected);
    deepStrictEqual(inMemory({ nested: [value] }), inRedis({ nested: [value] }));
  });

  it('a getter is read once, and its value is stored', () => {
    const form = inMemory(withGetter) as { read: number };
    expect(form.read).toBe(form.read);
    expect(Object.getOwnPropertyDescriptor(form, 'read')?.get).toBeUndefined();
  });

  it('an error keeps its name, message, cause and properties, as the built-in class that it extends', () => {
    const error = new NotFound('p1');
    for (const copy of [inRedis(error), inMemory(error)] as (RangeError & { id: string })[]) {
      expect(copy).toBeInstanceOf(RangeError);
      expect(copy).not.toBeInstanceOf(NotFound);
      expect({ ...copy, name: copy.name, message: copy.message, cause: copy.cause, stack: copy.stack }).toEqual({
        name: 'NotFound',
        message: 'No p1',
        id: 'p1',
        cause: { name: 'cause', orders: [] },
        stack: error.stack,
      });
    }
    const many = new AggregateError([new TypeError('a')], 'many');
    for (const copy of [inRedis(many), inMemory(many)] as AggregateError[]) {
      expect(copy).toBeInstanceOf(AggregateError);
      expect(copy.errors).toEqual([new TypeError('a')]);
    }
  });

  it('an instance of a registered class comes back as one, frozen, with its private fields', () => {
    for (const form of [inRedis, inMemory]) {
      const [amount, point] = form([new Money(5), new Point(-2, { of: new Money(7) })]) as [Money, Point];
      expect(amount).toBeInstanceOf(Money);
      expect(amount.cents).toBe(5);
      expect(point.norm()).toBe(2);
      expect((point.y.of as Money).cents).toBe(7);
      expect(Object.isFrozen(point) && Object.isFrozen(point.y)).toBe(true);
    }
  });

  it('any value made of supported types, instances among them', () => {
    const plain = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withBoxedValues: true,
      key: fc.oneof(fc.string(), fc.constantFrom('~', 'v', '__proto__')),
      maxDepth: 3,
    });
    const anything = fc.oneof(
      plain,
      plain.map((inner) => new Customer('Ada', [inner])),
      plain.map((inner) => ({
        list: [new Point(1, { of: inner })],
        error: Object.assign(new TypeError('x'), { inner }),
      })),
      plain.map((inner) => new Map([[new Money(3), { inner, customer: new Customer('Bob') }]])),
    );
    fc.assert(
      fc.property(anything, (value) => deepStrictEqual(inMemory(value), inRedis(value))),
      { numRuns: 1_000 },
    );
  });
});

describe('a value that comes back as it is', () => {
  it.each<[string, unknown]>([
    ['JSON', { id: 1, rows: [{ note: null, at: 'x' }] }],
    ['dates, bytes and undefined', { at: new Date(5), bytes: Buffer.from('x'), blank: undefined, big: 5n }],
    ['a Map of plain values', { map: new Map([['a', { b: [1] }]]), set: new Set([1]) }],
    ['a sparse array', Object.assign([], { 2: Number.NaN })],
  ])('is kept itself: %s', (_, value) => {
    expect(inMemory(value)).toBe(value);
  });

  it('keeps the parts that need no copy', () => {
    const rows = [{ id: 1 }];
    expect((inMemory({ rows, customer: new Customer('Ada') }) as { rows: unknown }).rows).toBe(rows);
  });
});

describe('a value that can’t be stored', () => {
  it.each<[string, unknown, string]>([
    ['a function', { handlers: [() => 1] }, 'value.handlers[0]'],
    [
      'a getter that throws',
      Object.defineProperty({}, 'x', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
      'value.x',
    ],
    [
      'a toJSON that throws',
      {
        a: {
          toJSON: () => {
            throw new Error('no');
          },
        },
      },
      'value.a',
    ],
    ['a promise in a Map', new Map([['a', Promise.resolve()]]), 'value[0]'],
  ])('%s: names the path', (_, value, path) => {
    let error: unknown;
    try {
      inMemory(value);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UnstorableValueError);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as UnstorableValueError).path).toBe(path);
  });

  it('larger than allowed has no form, however often its parts are shared', () => {
    let value: unknown = new Customer('Ada');
    for (let level = 0; level < 60; level++) value = [value, value];
    expect(storedFormOf(value, 1_000, classes)).toBeUndefined();
    expect(storedFormOf('x'.repeat(1_001), 1_000, classes)).toBeUndefined();
  });
});

describe('serializers', () => {
  it('refuse two classes of one name, a class without a name, and what is no class', () => {
    const other = { Money: class {} }.Money;
    expect(() => new ClassSerializers([money, { class: other }])).toThrow('Two classes named Money');
    expect(() => new ClassSerializers([{ class: (() => class {})() }])).toThrow('needs a name');
    expect(() => new ClassSerializers([{} as ClassSerializer])).toThrow('needs a class');
    expect(() => new ClassSerializers([money, { class: other, name: 'OtherMoney' }])).not.toThrow();
  });
});
