/** Messages about mistakes in the use of `@WarmUp`; each begins with `Class@method`. */

export const NOT_CACHEABLE = (method: string) =>
  `${method}: @WarmUp is for @Cacheable methods. The results of other methods would not be stored.`;

export const NO_SINGLETON = (method: string) =>
  `${method}: @WarmUp needs a provider in the default scope. This provider has no object before a request or a consumer needs it.`;
