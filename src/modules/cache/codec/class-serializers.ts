import { freezePlain } from './freeze-plain.js';

/**
 * How instances of one class are stored, so that they come back as instances. Subclasses are not included: register each.
 *
 * @example
 * const money: ClassSerializer<Money, number> = {
 *   class: Money,
 *   toData: (money) => money.cents,
 *   fromData: (cents) => new Money(cents),
 * };
 */
export interface ClassSerializer<T extends object = object, D = unknown> {
  readonly class: abstract new (...args: never[]) => T;
  /** The class in Redis. Every process must use the same name for it. Default: the name of the class. */
  readonly name?: string;
  /** Anything that can be stored, other registered instances too. Default: the instance's own enumerable properties. */
  toData?(instance: T): D;
  /**
   * An instance from stored data, which is frozen. What it throws makes the entry unreadable: a miss. Default: an object of
   * the class with these properties, made without calling the constructor.
   */
  fromData?(data: D): T;
  /**
   * Freezes each instance that a tier gives, since all readers share it. False for a class whose getters write to their
   * object. Default true.
   */
  readonly freeze?: boolean;
}

/** The registered classes of a cache. Those of {@link decoratedClasses} are known to every cache. */
export class ClassSerializers {
  readonly #byPrototype = new Map<object, NamedSerializer>();
  readonly #byName = new Map<string, NamedSerializer>();

  constructor(
    serializers: Iterable<ClassSerializer> = [],
    private readonly shared?: ClassSerializers,
  ) {
    for (const serializer of serializers) this.add(serializer);
  }

  /** @throws TypeError for a class without a name, for a name that is taken, and for what is no class. */
  add(serializer: ClassSerializer): void {
    if (typeof serializer?.class !== 'function') throw new TypeError('A serializer needs a class.');
    const name = serializer.name ?? serializer.class.name;
    if (name === '') throw new TypeError('A serializer of a class without a name needs a name.');
    const prototype = serializer.class.prototype as object;
    const known = this.#byName.get(name);
    if (known !== undefined && known.prototype !== prototype)
      throw new TypeError(`Two classes named ${name} have a serializer. Give one of them a name of its own.`);
    const named = new NamedSerializer(name, prototype, serializer);
    this.#byName.set(name, named);
    this.#byPrototype.set(prototype, named);
  }

  /** The serializer of objects with this prototype. */
  of(prototype: object): NamedSerializer | undefined {
    return this.#byPrototype.get(prototype) ?? this.shared?.of(prototype);
  }

  /** An instance from its stored form. @throws TypeError for a class that is not registered in this process. */
  revive(name: string, data: unknown): object {
    const serializer = this.#named(name);
    if (serializer === undefined) throw new TypeError('Unknown class');
    return serializer.fromData(data);
  }

  #named(name: string): NamedSerializer | undefined {
    return this.#byName.get(name) ?? (this.shared === undefined ? undefined : this.shared.#named(name));
  }
}

/** A serializer with its defaults filled in. */
class NamedSerializer {
  constructor(
    readonly name: string,
    readonly prototype: object,
    private readonly options: ClassSerializer,
  ) {}

  toData(instance: object): unknown {
    return this.options.toData === undefined ? { ...instance } : this.options.toData(instance);
  }

  fromData(data: unknown): object {
    const frozen = freezePlain(data);
    const instance =
      this.options.fromData === undefined
        ? (Object.assign(Object.create(this.prototype) as object, frozen) as object)
        : this.options.fromData(frozen);
    return this.options.freeze === false ? instance : Object.freeze(instance);
  }
}

/** Classes decorated with `@CacheSerializable()`, in this process. */
export const decoratedClasses = new ClassSerializers();
