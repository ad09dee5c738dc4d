import { type ClassSerializer, decoratedClasses } from '../codec/class-serializers.js';

/** Options of `@CacheSerializable()`; see {@link ClassSerializer}. */
export type CacheSerializableOptions<T extends object, D> = Omit<ClassSerializer<T, D>, 'class'>;

/**
 * Instances of the class are stored and come back as instances, from every cache of this process. Without it the instances
 * of a class come back as plain objects, without methods. A subclass needs a decorator of its own.
 *
 * By default the own enumerable properties are stored, and the instance is made without its constructor. A class with
 * private fields (`#amount`) needs `toData` and `fromData`.
 *
 * @throws TypeError for a class without a name, and for a name that another class has.
 * @example
 * @CacheSerializable({ toData: (money) => money.cents, fromData: (cents: number) => new Money(cents) })
 * export class Money { ... }
 */
export function CacheSerializable<T extends object, D = unknown>(
  options: CacheSerializableOptions<T, D> = {},
): (target: abstract new (...args: never[]) => T) => void {
  return (target) => decoratedClasses.add({ ...(options as object), class: target });
}
