import { Inject, Injectable } from '@nestjs/common';
import { defer, from, isObservable, lastValueFrom, Observable } from 'rxjs';
import { CacheRegistry } from '../cache-registry.js';
import type { CacheSettings } from '../cache.settings.js';
import { CACHE_SETTINGS } from '../cache.tokens.js';
import type { CacheOperation, ErasedMethod } from '../decorators/cache-metadata.js';
import { RouteRegistrar } from '../http/route-registrar.js';
import { INVALID_OPTION, UNDECLARED_OBSERVABLE } from './cache-binding.messages.js';
import { CachedCall, type CallWrapper, type Invocation } from './cached-call.js';
import type { DecoratedMethod } from './cached-method.explorer.js';
import { copyMetadata } from './copy-metadata.js';
import { KeyResolver } from './key-resolver.js';
import { nameOf } from './method-identity.js';
import { EvictingCall } from './evicting-call.js';
import { PuttingCall } from './putting-call.js';
import { SharedKeyWarnings } from './shared-key-warnings.js';
import { UnstorableWarning } from './unstorable-warning.js';

/** An operation around each call of a method. `@CacheResponse` works on requests instead. */
type CallOperation = Exclude<CacheOperation, { kind: 'response' }>;

/** Makes the functions that replace decorated methods on this application's objects. */
@Injectable()
export class CachedMethodFactory {
  private readonly made = new WeakMap<DecoratedMethod, ErasedMethod>();

  private readonly sharedKeys = new SharedKeyWarnings();

  constructor(
    private readonly caches: CacheRegistry,
    @Inject(CACHE_SETTINGS) private readonly settings: CacheSettings,
    private readonly routes: RouteRegistrar,
  ) {}

  /** One function per method and application; it works on every object it is called on. */
  create(decorated: DecoratedMethod): ErasedMethod {
    const known = this.made.get(decorated);
    if (known) return known;
    const method = this.make(decorated);
    copyMetadata(decorated.method, method);
    for (const { kind, options } of decorated.operations) {
      if (kind === 'response') this.routes.register(decorated, options, method);
    }
    this.made.set(decorated, method);
    return method;
  }

  private make(decorated: DecoratedMethod): ErasedMethod {
    const { method, type, methodName } = decorated;
    const wrappers = decorated.operations.flatMap((operation) =>
      operation.kind === 'response' ? [] : [this.wrapperOf(operation, decorated)],
    );
    if (wrappers.length === 0) return passThrough(method);
    const isDeclaredObservable =
      Reflect.getMetadata('design:returntype', type.prototype as object, methodName) === Observable;

    const run = (target: unknown, args: unknown[]): Promise<unknown> => {
      const original = async () => {
        const result: unknown = await method.apply(target, args);
        if (!isObservable(result)) return result;
        if (!isDeclaredObservable) throw new TypeError(UNDECLARED_OBSERVABLE(nameOf(decorated)));
        return lastValueFrom(result, { defaultValue: undefined });
      };
      // The topmost decorator is the outermost wrapper, in the order in which decorators are read.
      return wrappers.reduceRight<Invocation>((invoke, wrapper) => () => wrapper.call(invoke, args), original)();
    };

    const named = {
      [methodName](this: unknown, ...args: unknown[]): unknown {
        return isDeclaredObservable ? defer(() => from(run(this, args))) : run(this, args);
      },
    };
    return Reflect.get(named, methodName) as ErasedMethod;
  }

  private wrapperOf(operation: CallOperation, decorated: DecoratedMethod): CallWrapper {
    try {
      return this.wrap(operation, decorated);
    } catch (error) {
      throw new Error(INVALID_OPTION(nameOf(decorated), error), { cause: error });
    }
  }

  private wrap(operation: CallOperation, decorated: DecoratedMethod): CallWrapper {
    const { namespace, cache: name } = operation.options;
    const root = this.caches.get(name);
    const cache = namespace === undefined ? root : root.namespace(namespace);
    if (operation.kind === 'cacheable') this.sharedKeys.check(decorated, cache.name, operation.options.key);
    const keys = new KeyResolver(decorated, namespace, {
      ...this.settings.contextKeys,
      ...operation.options.contextKeys,
    });
    const warning = new UnstorableWarning(keys.methodName);
    switch (operation.kind) {
      case 'cacheable':
        return new CachedCall(cache, keys, operation.options, warning);
      case 'put':
        return new PuttingCall(cache, keys, operation.options, warning);
      case 'evict':
        return new EvictingCall(cache, keys, operation.options);
    }
  }
}

/** A function that belongs to this application alone, so that the settings of the route can be attached to it. */
function passThrough(method: ErasedMethod): ErasedMethod {
  return function (this: unknown, ...args) {
    return method.apply(this, args);
  };
}
