/** What is wrong with a warmed method; each begins with `Class@method`. */

export const NOT_CACHEABLE = (method: string) =>
  `${method}: @WarmUp is for @Cacheable methods; the results of others would go nowhere.`;

export const NO_SINGLETON = (method: string) =>
  `${method}: @WarmUp needs a provider in the default scope; this one has no object until somebody asks for it.`;
