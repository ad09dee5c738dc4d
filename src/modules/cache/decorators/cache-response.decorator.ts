import { decoratedMethod, noteOperation } from './cache-metadata.js';
import type { CacheResponseOptions } from './cache-response.options.js';

/** Fits route handlers of any type. */
export type RouteDecorator = <M extends (...args: never[]) => unknown>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/**
 * Keeps a GET route's whole responses: status, headers, serialized bytes and compressed variants. Answers `If-None-Match`
 * with 304 (RFC 9110), says what it did in `Cache-Status` (RFC 9211) and `Age`, and lets concurrent requests share one
 * run of the handler. Guards always run; on a route without guards a hit takes the place of Nest's pipeline, after all hooks.
 *
 * Never stored: errors, `Set-Cookie`, `private`, `no-store`, `Vary` on headers the route does not name, streams, requests
 * with a body, and, unless `scope` says whose the response is, requests with credentials and everything on a route with guards. What can't be stored is sent as
 * if there were no cache. The handler sees only the request headers its key knows (`host` and those in `vary`).
 *
 * @example
 * @Get(':id')
 * @CacheResponse({ ttl: '1m', tags: ({ params }) => [`product:${params.id}`], scope: 'public' })
 * findOne(@Param('id') id: string): Promise<Product> { ... }
 */
export function CacheResponse(options: CacheResponseOptions = {}): RouteDecorator {
  return (target, name, descriptor) =>
    noteOperation({ kind: 'response', options }, decoratedMethod(target, name, descriptor));
}
