import type { CachedRequest } from '../decorators/cache-response.options.js';
import type { EntryView, LoadContext, LoadOptions } from '../engine/contract/cache.js';
import type { CacheStatus } from './cache-status.js';
import { ResponseCapture, HandlerFailedError } from './response-capture.js';
import type { RequestLocation } from './request-view.js';
import type { RouteSettings } from './route-settings.js';
import { packResponse, type StoredResponse, unpackResponse } from './stored-response.js';

/** A stored response and its `Cache-Status`. */
export interface Answer {
  readonly response: StoredResponse;
  readonly status: CacheStatus;
}

/** A request whose handler runs for all requests that wait for the same response. */
export interface Leader {
  readonly capture: ResponseCapture;
  /** The stale response to serve if the handler fails; `undefined` when there is none. */
  readonly fallback: Promise<StoredResponse | undefined>;
}

/** How a request is answered. */
export type LookupResult =
  | ({ readonly kind: 'answer' } & Answer)
  | ({ readonly kind: 'leader' } & Leader)
  /** The handler runs for this request only. */
  | { readonly kind: 'pass' };

/** Runs the handler again in the background and captures its response. */
export type Revalidation = (capture: ResponseCapture) => Promise<void>;

/** The value of a run whose response is private to one client: it is neither stored nor shared. */
const NOTHING = Buffer.alloc(0);

/** The stored responses of all routes. Requests for the same response share one run of the handler. */
export class ResponseStore {
  /** The stored response, fresh or within `stale-while-revalidate`; a stale one is revalidated in the background. */
  async find(route: RouteSettings, location: RequestLocation, runHandler: Revalidation): Promise<Answer | undefined> {
    const { key, view } = location;
    const entry = await route.cache.getEntry<Uint8Array>(key, { allowStale: route.staleWhileRevalidateMs > 0 });
    const response = entry && unpackResponse(entry.value);
    if (!entry || !response || entry.ttlMs < -route.staleWhileRevalidateMs) return undefined;
    if (entry.isStale) this.revalidate(route, key, view, runHandler);
    return { response, status: hit(entry) };
  }

  /** Waits for the request that already runs the handler, or makes this request the leader. */
  findOrLead(
    route: RouteSettings,
    { key, view }: RequestLocation,
    consistency?: LoadOptions['consistency'],
  ): Promise<LookupResult> {
    return new Promise((resolve) => {
      const capture = new ResponseCapture();
      const fallback = Promise.withResolvers<StoredResponse | undefined>();
      const settle = (stale: StoredResponse | undefined, shared = stale) => {
        fallback.resolve(stale);
        resolve(collapsed(shared));
      };
      route.cache
        .getOrLoad<Uint8Array>(
          key,
          (context) => {
            resolve({ kind: 'leader', capture, fallback: fallback.promise });
            return toValue(route, view, capture, context);
          },
          { ...optionsOf(route, view), consistency },
        )
        .then(
          (packed) => settle(unpackResponse(packed)),
          (error: unknown) => settle(undefined, error instanceof HandlerFailedError ? error.response : undefined),
        );
    });
  }

  private revalidate(route: RouteSettings, key: string, view: CachedRequest, runHandler: Revalidation): void {
    const capture = new ResponseCapture();
    const loading = route.cache.getOrLoad<Uint8Array>(
      key,
      async (context) => {
        await runHandler(capture);
        capture.abandon();
        return toValue(route, view, capture, context);
      },
      optionsOf(route, view),
    );
    // The next request for it tries again.
    loading.catch(() => undefined);
  }
}

function optionsOf(route: RouteSettings, view: CachedRequest): LoadOptions<Uint8Array> {
  return {
    ttlMs: route.ttlMs,
    graceMs: Math.max(route.staleWhileRevalidateMs, route.staleIfErrorMs),
    tags: typeof route.tags === 'function' ? route.tags(view) : route.tags,
    // A request that ends early fails its load as well, and says nothing about the handler.
    failSafeThrottleMs: 0,
  };
}

async function toValue(
  route: RouteSettings,
  view: CachedRequest,
  capture: ResponseCapture,
  context: LoadContext,
): Promise<Buffer> {
  const result = await capture.result;
  if (result.kind === 'private') {
    context.skipStore();
    return NOTHING;
  }
  if (result.kind === 'share') context.skipStore();
  else if (result.isError) context.set({ ttlMs: result.ttlMs, graceMs: 0 });
  else if (result.ttlMs !== route.ttlMs) context.set({ ttlMs: result.ttlMs });
  if (result.kind === 'store' && !result.isError && route.resultTags)
    context.set({ tags: route.resultTags(JSON.parse(result.response.body.toString()), view) });
  return packResponse(result.response);
}

function hit(entry: EntryView<Uint8Array>): CacheStatus {
  return { kind: 'hit', ttlMs: entry.ttlMs, tier: entry.tier };
}

function collapsed(response: StoredResponse | undefined): LookupResult {
  if (!response) return { kind: 'pass' };
  return { kind: 'answer', response, status: { kind: 'forwarded', reason: 'miss', isCollapsed: true } };
}
