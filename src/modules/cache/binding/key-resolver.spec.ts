import { KeyResolver } from './key-resolver.js';

class Shop {}

describe('keys of methods', () => {
  const own = new KeyResolver({ type: Shop, methodName: 'find' }, undefined);
  const named = new KeyResolver({ type: Shop, methodName: 'find' }, 'shop');

  it('are as given in a namespace, and the class’s own without one', () => {
    expect(named.of('42')).toBe('42');
    expect(own.of('42')).toBe('Shop:42');
  });

  it('can’t be forged by text that looks like a made key', () => {
    const made = [named.of(['a']), named.ofArguments(['a'])];
    for (const key of made) {
      expect(made).not.toContain(named.of(key));
      expect(named.of(named.of(key))).not.toBe(named.of(key));
    }
  });

  it('of default arguments belong to the method', () => {
    const other = new KeyResolver({ type: Shop, methodName: 'list' }, 'shop');
    expect(named.ofArguments([1])).not.toBe(other.ofArguments([1]));
    expect(named.ofArguments([])).not.toBe(named.ofArguments([undefined]));
  });

  it.each([[''], [42], [null], [undefined]])('refuse %p, naming the method', (key) => {
    expect(() => named.of(key as string)).toThrow(/^Shop@find: /);
  });

  it('refuse arguments that have no stable text, naming the method and the argument’s kind', () => {
    expect(() => own.ofArguments([() => 1])).toThrow('Shop@find: no key can be made of a function');
  });
});
