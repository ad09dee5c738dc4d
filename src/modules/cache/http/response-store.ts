import type { CachedRequest } from '../decorators/cache-response.options.js';
import type { EntryView, LoadContext, LoadOptions } from '../engine/contract/cache.js';
import { parseCacheControl, secondsOf } from './cache-control.js';
import type { CacheStatus } from './cache-status.js';
import type { RequestLocation } from './request-view.js';
import { ResponseCapture, HandlerFailedError } from './response-capture.js';
import type { RouteSettings } from './route-settings.js';
import { packResponse, type StoredResponse, unpackResponse } from './stored-response.js';
import type { UnreadableResponses } from './unreadable-responses.js';
import { pathTag } from './url-tags.js';

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

/** A request, where its response is stored and what its tags are made of. */
export interface Lookup extends RequestLocation {
  readonly view: CachedRequest;
}

/** Runs the handler again in the background and captures its response. */
export type Revalidation = (capture: ResponseCapture) => Promise<void>;

/** The value of a run whose response is private to one client: it is neither stored nor shared. */
const PRIVATE = Buffer.from('p');
/** The value of a run that ended without a response. */
const ABANDONED = Buffer.from('a');

/** The stored responses of all routes. Requests for the same response share one run of the handler. */
export class ResponseStore {
  constructor(private readonly unreadable: UnreadableResponses) {}

  /**
   * The stored response, fresh or within `stale-while-revalidate`; a stale one is revalidated in the background, with what
   * `revalidation` returns.
   */
  async find(
    route: RouteSettings,
    location: RequestLocation,
    revalidation: () => { readonly lookup: Lookup; readonly run: Revalidation },
  ): Promise<Answer | undefined> {
    const { key } = location;
    const entry = await route.cache.getEntry(key, { allowStale: true });
    if (!entry) return undefined;
    const response = unpackResponse(entry.value);
    if (!response) {
      await this.discard(route, key);
      return undefined;
    }
    if (entry.isStale && entry.ttlMs < -windowMsOf(route, response)) return undefined;
    if (entry.isStale) this.revalidate(route, revalidation());
    return { response, status: hit(entry) };
  }

  /** Waits for the request that already runs the handler, or makes this request the leader. */
  async findOrLead(
    route: RouteSettings,
    lookup: Lookup,
    consistency?: LoadOptions['consistency'],
  ): Promise<LookupResult> {
    let isDiscarded = false;
    for (;;) {
      const result = await this.lead(route, lookup, consistency);
      if ('kind' in result) return result;
      const { value } = result;
      if (isMarker(value, ABANDONED)) continue;
      if (isMarker(value, PRIVATE) || isDiscarded) return { kind: 'pass' };
      await this.discard(route, lookup.key);
      isDiscarded = true;
    }
  }

  private lead(
    route: RouteSettings,
    lookup: Lookup,
    consistency: LoadOptions['consistency'],
  ): Promise<LookupResult | { readonly value: unknown }> {
    const startedAtMs = Date.now();
    return new Promise((resolve) => {
      const capture = new ResponseCapture();
      const fallback = Promise.withResolvers<StoredResponse | undefined>();
      const load = async (context: LoadContext) => {
        resolve({ kind: 'leader', capture, fallback: fallback.promise });
        return toValue(route, lookup.view, capture, context);
      };
      route.cache.getOrLoad<unknown>(lookup.key, load, { ...optionsOf(route, lookup), consistency }).then(
        async (value) => {
          const response = unpackResponse(value);
          fallback.resolve(response);
          resolve(response ? await this.answer(route, lookup.key, response, startedAtMs) : { value });
        },
        (error: unknown) => {
          fallback.resolve(undefined);
          const response = error instanceof HandlerFailedError ? error.response : undefined;
          resolve(response ? collapsed(response) : { kind: 'pass' });
        },
      );
    });
  }

  /** A response of another request's run, or the stale one in place of a run: the handler has failed a moment ago. */
  private async answer(
    { cache }: RouteSettings,
    key: string,
    response: StoredResponse,
    startedAtMs: number,
  ): Promise<LookupResult> {
    if (response.madeAtMs >= startedAtMs) return collapsed(response);
    const entry = await cache.getEntry(key, { allowStale: true, countsMisses: false });
    if (!entry?.isStale) return collapsed(response);
    return { kind: 'answer', response, status: { ...hit(entry), detail: 'handler-failed' } };
  }

  private revalidate(route: RouteSettings, { lookup, run }: { readonly lookup: Lookup; readonly run: Revalidation }) {
    const capture = new ResponseCapture();
    const loading = route.cache.getOrLoad<unknown>(
      lookup.key,
      async (context) => {
        await run(capture);
        capture.abandon();
        return toValue(route, lookup.view, capture, context);
      },
      optionsOf(route, lookup),
    );
    // The next request for it tries again.
    loading.catch(() => undefined);
  }

  private async discard({ cache }: RouteSettings, key: string): Promise<void> {
    this.unreadable.report(cache.name);
    await cache.delete(key);
  }
}

function optionsOf(route: RouteSettings, lookup: Lookup): LoadOptions {
  const own = typeof route.tags === 'function' ? route.tags(lookup.view) : route.tags;
  return {
    ttlMs: route.ttlMs,
    graceMs: Math.max(route.staleWhileRevalidateMs, route.staleIfErrorMs),
    tags: [...(own ?? []), pathTag(lookup.target)],
  };
}

async function toValue(
  route: RouteSettings,
  view: CachedRequest,
  capture: ResponseCapture,
  context: LoadContext,
): Promise<Buffer> {
  const result = await capture.result;
  if (result.kind !== 'store') context.skipStore();
  if (result.kind === 'private') return PRIVATE;
  if (result.kind === 'abandoned') return ABANDONED;
  if (result.kind === 'store') {
    if (result.ttlMs !== route.ttlMs) context.set({ ttlMs: result.ttlMs });
    const graceMs = result.allowsStale ? Math.max(route.staleIfErrorMs, windowMsOf(route, result.response)) : 0;
    context.set({ graceMs });
    if (!result.isError && route.resultTags)
      context.set({ tags: route.resultTags(JSON.parse(result.response.body.toString()), view) });
  }
  return packResponse(result.response);
}

/** How long a stale response is served while it is made anew: as the route says, or the handler for this one (RFC 5861). */
function windowMsOf(route: RouteSettings, { headers }: StoredResponse): number {
  const own = headers.find(([name]) => name === 'cache-control')?.[1];
  const seconds = secondsOf(parseCacheControl(own), 'stale-while-revalidate');
  return seconds === undefined ? route.staleWhileRevalidateMs : seconds * 1_000;
}

function isMarker(value: unknown, marker: Buffer): boolean {
  return value instanceof Uint8Array && marker.equals(value);
}

function hit(entry: EntryView<unknown>): Extract<CacheStatus, { kind: 'hit' }> {
  return { kind: 'hit', ttlMs: entry.ttlMs, detail: entry.tier };
}

function collapsed(response: StoredResponse): LookupResult {
  return { kind: 'answer', response, status: { kind: 'forwarded', reason: 'miss', isCollapsed: true } };
}
