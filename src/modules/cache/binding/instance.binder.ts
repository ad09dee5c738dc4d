import { Injectable } from '@nestjs/common';
import type { InstanceWrapper } from '../../../common/nest/nest-internals.js';
import { FROZEN_INSTANCE, MIDDLEWARE_HANDLER, SAME_CLASS_NAME, SHARED_INSTANCE } from './cache-binding.messages.js';
import { CachedMethodExplorer, type DecoratedMethod, isKeyedByClass } from './cached-method.explorer.js';
import { CachedMethodFactory } from './cached-method.factory.js';
import { classNameOf, nameOf } from './method-identity.js';

type Constructor = new (...args: unknown[]) => object;

/** Objects that have cached methods now, of every application in this process. */
const boundObjects = new WeakSet<object>();

/**
 * Gives objects their cached methods. The functions are set on the object, not on its prototype: applications in one
 * process, each with a cache of its own, share classes but not objects. Calls through `this` are cached too.
 */
@Injectable()
export class InstanceBinder {
  private readonly singletons = new Map<object, readonly DecoratedMethod[]>();
  private readonly boundWrappers = new WeakSet<InstanceWrapper>();
  /** By namespace and name. */
  private readonly typesByName = new Map<string, Function>();

  constructor(
    private readonly explorer: CachedMethodExplorer,
    private readonly factory: CachedMethodFactory,
  ) {}

  /** Binds the object of a provider, controller or enhancer, and the objects Nest makes of it later, per request or per consumer. */
  bindProvider(wrapper: InstanceWrapper): void {
    if (wrapper.isAlias || this.boundWrappers.has(wrapper)) return;
    this.boundWrappers.add(wrapper);
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) this.bindLaterInstances(wrapper);
    if (wrapper.isTransient) {
      for (const host of wrapper.getStaticTransientInstances()) this.bindSingleton(host?.instance);
    } else {
      this.bindSingleton(wrapper.instance);
    }
  }

  /** As {@link bindProvider}. @throws Error naming `Class@use` for a decorated `use()`, which Nest has bound already. */
  bindMiddleware(wrapper: InstanceWrapper): void {
    const prototype = wrapper.metatype?.prototype as object | undefined;
    const handler = prototype && this.explorer.explore(prototype).find(({ methodName }) => methodName === 'use');
    if (handler) throw new Error(MIDDLEWARE_HANDLER(nameOf(handler)));
    this.bindProvider(wrapper);
  }

  /** Removes the cached methods, so that an object that outlives the application can be used by the next one. */
  releaseAll(): void {
    for (const [object, methods] of this.singletons) {
      boundObjects.delete(object);
      for (const { methodName } of methods) Reflect.deleteProperty(object, methodName);
    }
    this.singletons.clear();
  }

  /** Binds an object that Nest did not make, as that of `@UseGuards(new TenantGuard())`. */
  bindSingleton(object: unknown): void {
    if (!isObject(object) || this.singletons.has(object)) return;
    const methods = this.bind(object);
    if (methods.length > 0) this.singletons.set(object, methods);
  }

  private bind(object: object): readonly DecoratedMethod[] {
    const prototype = Object.getPrototypeOf(object) as object | null;
    const methods = prototype ? this.explorer.explore(prototype) : [];
    const [first] = methods;
    if (!first) return methods;
    if (boundObjects.has(object)) throw new Error(SHARED_INSTANCE(nameOf(first)));
    if (!Object.isExtensible(object)) throw new Error(FROZEN_INSTANCE(nameOf(first)));
    this.claimName(methods);
    for (const decorated of methods) {
      // Enumerable, because Nest copies an object's enumerable properties to resolve circular references.
      Object.defineProperty(object, decorated.methodName, {
        value: this.factory.create(decorated),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    boundObjects.add(object);
    return methods;
  }

  /**
   * Two classes must not share a name that is part of their keys, in one namespace. The keys of responses contain the route
   * instead.
   */
  private claimName(methods: readonly DecoratedMethod[]): void {
    for (const { type, operations } of methods) {
      const name = classNameOf(type);
      for (const operation of operations.filter(isKeyedByClass)) {
        const { namespace } = operation.options;
        const place = `${namespace ?? ''} ${name}`;
        if ((this.typesByName.get(place) ?? type) !== type) throw new Error(SAME_CLASS_NAME(name, namespace));
        this.typesByName.set(place, type);
      }
    }
  }

  /** Nest calls the wrapper's constructor (or factory) for each request or consumer. The replacement binds each new object. */
  private bindLaterInstances(wrapper: InstanceWrapper): void {
    const original = wrapper.metatype;
    if (!original) return;
    if (wrapper.isFactory) {
      wrapper.metatype = async (...dependencies: unknown[]) =>
        this.bindMade(await (original as Function)(...dependencies));
      return;
    }
    if (this.explorer.explore(original.prototype as object).length === 0) return;
    const bindMade = (made: object) => this.bindMade(made);
    const binding = function (...dependencies: unknown[]) {
      return bindMade(Reflect.construct(original as Constructor, dependencies) as object);
    };
    // Nest reads the metadata of constructors up their prototype chain, and identifies the class by the prototype property.
    Object.setPrototypeOf(binding, original);
    binding.prototype = original.prototype as unknown;
    wrapper.metatype = binding;
  }

  private bindMade<T>(made: T): T {
    if (isObject(made) && !boundObjects.has(made)) this.bind(made);
    return made;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
