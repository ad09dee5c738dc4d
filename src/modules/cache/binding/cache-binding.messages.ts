/** Messages about mistakes in decorated methods; each begins with `Class@method`. */

export const CONFLICTING_OPERATIONS = (method: string) =>
  `${method}: @Cacheable must be the only caching decorator of its method. On a hit it answers without running the method, so the others would not see every call.`;

export const PUT_WITHOUT_KEY = (method: string) => `${method}: @CachePut needs a key or a resultKey.`;

export const EVICTS_NOTHING = (method: string) => `${method}: @CacheEvict needs a key, keys, tags, resultTags or all.`;

export const EVICTS_ROOT = (method: string) =>
  `${method}: @CacheEvict({ all: true }) needs a namespace, here or in @CacheConfig. Without a namespace it would clear the whole cache.`;

export const MESSAGE_HANDLER = (method: string) =>
  `${method}: Nest binds message handlers before the cache can wrap them. Cache a method of a provider and call it from the handler.`;

export const FROZEN_INSTANCE = (method: string) =>
  `${method}: its object is frozen, so it can't be given a cached method.`;

export const SHARED_INSTANCE = (method: string) =>
  `${method}: its object is shared with another application of this process, whose cache it already uses.`;

export const SAME_CLASS_NAME = (name: string, namespace: string | undefined) =>
  `Two classes named ${name} have cached methods ${namespace === undefined ? 'without a namespace' : `without keys in the namespace ${namespace}`}, so their keys would be the same. Give one of them a namespace of its own: @CacheConfig({ namespace }).`;

export const SAME_KEY = (method: string, other: string) =>
  `${method} and ${other} make the same keys, so each may answer with a value that the other stored. Put the name of the method into the key: key: (id) => ['find', id].`;

export const INVALID_OPTION = (method: string, error: unknown) =>
  `${method}: ${error instanceof Error ? error.message : String(error)}`;

export const WARM_UP_WITHOUT_MODULE = (method: string) =>
  `${method}: @WarmUp needs WarmUpModule. Import it in the root module.`;

export const SAME_METHOD_NAME = (method: string) =>
  `${method}: two decorated methods are named by symbols of one description, so their keys would be the same. Give one of them another description.`;

export const RANDOM_CLASS_NAME = (method: string) =>
  `${method} of a class that mixin() made: mixin() gives a class without a name a random one, which other processes do not have. Name the class in the mixin function, or give it a namespace and key functions.`;

export const MIDDLEWARE_HANDLER = (method: string) =>
  `${method}: Nest binds the use() of a middleware before the cache can wrap it. Cache a method that use() calls.`;

export const UNSTABLE_KEY = (method: string, what: string) =>
  `${method}: no key can be made of ${what} among the arguments. Give the decorator a key function.`;

export const BAD_KEY = (method: string) =>
  `${method}: the key function must return a string that is not empty, or an array of parts.`;

export const BAD_TAGS = (method: string) => `${method}: tags must be an array of strings that are not empty.`;

export const UNSTORABLE_RESULT = (method: string, reason: string) =>
  `${method}: its result is not cached. ${reason} Results that can't be stored are counted; this is said once.`;

export const UNDECLARED_OBSERVABLE = (method: string) =>
  `${method} returns an Observable: declare its return type, so that callers get one from the cache too.`;
