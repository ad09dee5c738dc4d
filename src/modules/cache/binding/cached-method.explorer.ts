import { Injectable } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { type CacheOperation, classDefaultsOf, type ErasedMethod, operationsOf } from '../decorators/cache-metadata.js';
import type { ContextKeys, VaryBy } from '../decorators/context-values.js';
import { WARM_UPS } from '../cache.tokens.js';
import {
  CONFLICTING_OPERATIONS,
  EVICTS_NOTHING,
  EVICTS_ROOT,
  MESSAGE_HANDLER,
  PUT_WITHOUT_KEY,
  RANDOM_CLASS_NAME,
  SAME_METHOD_NAME,
} from './cache-binding.messages.js';
import { hasRandomName, type MethodIdentity, nameOf } from './method-identity.js';

/** A decorated method of a class, its own or inherited, with the class's defaults filled in. */
export interface DecoratedMethod extends MethodIdentity {
  readonly method: ErasedMethod;
  readonly operations: readonly CacheOperation[];
}

/** Metadata that `@nestjs/microservices` and `@nestjs/websockets` set on the methods they call. */
const HANDLER_METADATA = ['microservices:pattern', 'websockets:message_mapping'];

/** The first method of a prototype, or of those it extends, that carries a `@WarmUp`. */
export function warmedMethodOf(prototype: object): string | undefined {
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .find((name) => Reflect.hasOwnMetadata(WARM_UPS, Reflect.get(prototype, name) as object));
}

/** Finds the decorated methods of classes, up the prototype chain, and checks them. */
@Injectable()
export class CachedMethodExplorer {
  private readonly known = new WeakMap<object, readonly DecoratedMethod[]>();

  /** The decorated methods of an object with this prototype. @throws Error naming `Class@method` for a mistake. */
  explore(prototype: object): readonly DecoratedMethod[] {
    let methods = this.known.get(prototype);
    if (!methods) {
      methods = this.scan(prototype);
      this.known.set(prototype, methods);
    }
    return methods;
  }

  private scan(prototype: object): readonly DecoratedMethod[] {
    const type = prototype.constructor;
    const methods = methodNamesOf(prototype).flatMap((methodName) => {
      const method = Reflect.get(prototype, methodName) as ErasedMethod;
      const operations = operationsOf(method).map((operation) => withDefaults(operation, type));
      if (operations.length === 0) return [];
      const decorated = { type, methodName, method, operations };
      verify(decorated);
      return [decorated];
    });
    verifyNames(methods);
    return methods;
  }
}

/** Names of the methods that an object with this prototype has, symbols too. */
function methodNamesOf(prototype: object): (string | symbol)[] {
  const isMethod = new Map<string | symbol, boolean>();
  for (let owner = prototype; owner !== null && owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const name of Reflect.ownKeys(owner)) {
      if (isMethod.has(name)) continue;
      const value: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
      isMethod.set(name, name !== 'constructor' && typeof value === 'function');
    }
  }
  return [...isMethod].flatMap(([name, is]) => (is ? [name] : []));
}

/** Keys have the name of the method, so it must be one of its own, and the same in every process. */
function verifyNames(methods: readonly DecoratedMethod[]): void {
  const names = methods.map(nameOf);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(SAME_METHOD_NAME(twice));
  for (const { type, operations, methodName } of methods) {
    if (hasRandomName(type) && operations.some(isKeyedByClass)) throw new Error(RANDOM_CLASS_NAME(String(methodName)));
  }
}

/** Whether the name of the class is part of the operation's keys. */
export function isKeyedByClass({ kind, options }: CacheOperation): boolean {
  return (
    kind !== 'response' && (options.namespace === undefined || (kind === 'cacheable' && options.key === undefined))
  );
}

function withDefaults(operation: CacheOperation, type: object): CacheOperation {
  const { varyBy, contextKeys, ...defaults } = classDefaultsOf(type);
  const own: { varyBy?: VaryBy; contextKeys?: ContextKeys } = operation.options;
  const context =
    operation.kind === 'response'
      ? { varyBy: { ...varyBy, ...own.varyBy } }
      : { contextKeys: { ...contextKeys, ...own.contextKeys } };
  return { ...operation, options: { ...defaults, ...operation.options, ...context } } as CacheOperation;
}

function verify({ method, operations, ...identity }: DecoratedMethod): void {
  const name = nameOf(identity);
  const calls = operations.filter(({ kind }) => kind !== 'response');
  if (calls.length > 1 && calls.some(({ kind }) => kind === 'cacheable')) throw new Error(CONFLICTING_OPERATIONS(name));
  if (HANDLER_METADATA.some((key) => Reflect.hasMetadata(key, method))) throw new Error(MESSAGE_HANDLER(name));
  for (const operation of operations) {
    if (operation.kind === 'put' && !operation.options.key && !operation.options.resultKey)
      throw new Error(PUT_WITHOUT_KEY(name));
    if (operation.kind === 'evict') {
      const { key, keys, tags, resultTags, all, namespace } = operation.options;
      if (!key && !keys && !tags && !resultTags && !all) throw new Error(EVICTS_NOTHING(name));
      if (all && namespace === undefined) throw new Error(EVICTS_ROOT(name));
    }
  }
}
