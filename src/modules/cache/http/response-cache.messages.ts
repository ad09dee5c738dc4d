/** What is wrong, or may surprise, in `@CacheResponse`; each begins with `Class@method`. */

export const NOT_A_GET_ROUTE = (method: string) => `${method}: @CacheResponse is for GET routes of controllers.`;

export const NEEDS_FASTIFY = (method: string) => `${method}: @CacheResponse needs the Fastify adapter.`;

export const NEVER_CACHED = (method: string) =>
  `${method} has guards, and @CacheResponse no scope: requests with credentials are never cached. Say whose the response is by scope.`;
