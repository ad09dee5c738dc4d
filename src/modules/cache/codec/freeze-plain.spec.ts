import { freezePlain } from './freeze-plain.js';

describe('freezing values that readers share', () => {
  it('makes a mutation at any depth throw', () => {
    const value = freezePlain({ list: [{ n: 1 }], nested: { deep: { n: 1 } } });
    expect(() => value.list.push({ n: 2 })).toThrow(TypeError);
    expect(() => Object.assign(value.list[0] as object, { n: 2 })).toThrow(TypeError);
    expect(() => Object.assign(value.nested.deep, { n: 2 })).toThrow(TypeError);
    expect(value).toEqual({ list: [{ n: 1 }], nested: { deep: { n: 1 } } });
  });

  it('reaches below objects that the caller had frozen on the surface', () => {
    const value = freezePlain(Object.freeze({ inner: Object.freeze([{ n: 1 }]) }));
    expect(Object.isFrozen(value.inner[0])).toBe(true);
  });

  it('gives the same value back, whatever it is', () => {
    for (const value of [1, 'x', null, undefined, Symbol('s'), () => 1, { a: 1 }, [1]])
      expect(freezePlain(value)).toBe(value);
  });

  it('leaves an object that can not be frozen as it is, and freezes the objects around it', () => {
    class Order {
      lines = [1];
    }
    const value = freezePlain({
      bytes: Buffer.from('x'),
      vector: new Float32Array(2),
      map: new Map([[1, { n: 1 }]]),
      at: new Date(0),
      order: new Order(),
    });
    expect(Object.isFrozen(value)).toBe(true);
    value.bytes[0] = 0x79;
    value.order.lines.push(2);
    expect([value.bytes.toString(), value.order.lines]).toEqual(['y', [1, 2]]);
  });

  it('ends on cycles and shared references', () => {
    const shared = { n: 1 };
    const value: Record<string, unknown> = { a: shared, b: [shared] };
    value.self = value;
    expect(Object.isFrozen(freezePlain(freezePlain(value)).b)).toBe(true);
  });

  it('freezes more levels than the stack has room for', () => {
    let inner: unknown[] = [];
    const bottom = inner;
    for (let level = 1; level < 100_000; level++) inner = [inner];
    freezePlain(inner);
    expect(Object.isFrozen(bottom)).toBe(true);
  });
});
