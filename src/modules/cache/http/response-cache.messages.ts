/** Messages about mistakes in the use of `@CacheResponse`; each begins with `Class@method`. */

export const NOT_A_GET_ROUTE = (method: string) => `${method}: @CacheResponse is for GET routes of controllers.`;

export const NEEDS_FASTIFY = (method: string) => `${method}: @CacheResponse needs the Fastify adapter.`;

export const NEVER_CACHED = (method: string) =>
  `${method} has guards, but its @CacheResponse has no scope, so it is never cached: its guards may decide by anything. Set scope to 'public', 'tenant' or 'user'.`;
