import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest, onSendAsyncHookHandler, RouteOptions } from 'fastify';
import type { Cache } from '../engine/contract/cache.js';
import { canonicalPath, targetOf } from './request-target.js';
import { hooksOf } from './route-hooks.js';
import { pathTag } from './url-tags.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'SEARCH', 'PROPFIND']);

/** The query does not count. */
const EVERY_PARAMETER = { ignoredQuery: /^/, isQuerySorted: false };

/** A pattern of cached routes, and the caches that keep their responses. */
interface CachedPath {
  readonly pattern: RegExp;
  readonly cache: Cache;
}

/**
 * Invalidates, on every instance, the stored responses of a URL that an unsafe request has changed: its own URL and those in
 * `Location` and `Content-Location`, where they are of the same origin (RFC 9111 4.4). It does so before the response of
 * that request is sent. The query does not count: a new item changes each page of a list.
 */
@Injectable()
export class UnsafeRequestInvalidation {
  private readonly cachedPaths: CachedPath[] = [];

  addCachedRoute(url: string, cache: Cache): void {
    this.cachedPaths.push({ pattern: patternOf(url), cache });
  }

  /** Adds the hook to a route with unsafe methods. */
  addHook(route: RouteOptions): void {
    const methods = [route.method].flat();
    if (methods.every((method) => SAFE_METHODS.has(method))) return;
    const onSend: onSendAsyncHookHandler = async (request, reply, payload) => {
      if (reply.statusCode < 400 && !SAFE_METHODS.has(request.method)) await this.invalidate(request, reply);
      return payload;
    };
    route.onSend = [...hooksOf(route.onSend), onSend];
  }

  private async invalidate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (this.cachedPaths.length === 0) return;
    const target = targetOf(EVERY_PARAMETER, request);
    if (!target) return;
    const own = URL.parse(`http://${target.host ?? 'localhost'}${target.url}`);
    const named = own ? ['location', 'content-location'].flatMap((name) => sameOrigin(own, reply.getHeader(name))) : [];
    const paths = new Set([target.url, ...named.map(({ pathname }) => canonicalPath(pathname))]);
    const tags = new Map<Cache, Set<string>>();
    for (const path of paths) {
      for (const { pattern, cache } of this.cachedPaths) {
        if (pattern.test(path)) tags.set(cache, (tags.get(cache) ?? new Set()).add(pathTag({ url: path })));
      }
    }
    await Promise.all([...tags].map(([cache, names]) => cache.invalidateTags([...names])));
  }
}

/** The URL in a header, relative to that of the request; none where it is of another host. */
function sameOrigin(own: URL, header: unknown): URL[] {
  if (typeof header !== 'string') return [];
  const url = URL.parse(header, own.href);
  return url && url.host === own.host ? [url] : [];
}

/** Matches every path that a route with this pattern answers, and maybe more. */
function patternOf(url: string): RegExp {
  const parts = url.split(/(:[A-Za-z_]\w*(?:\([^/]*\))?\??|\*)/);
  const source = parts.map((part, i) => (i % 2 === 1 ? '.*' : part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)));
  return new RegExp(`^${source.join('')}/?$`, 'i');
}
