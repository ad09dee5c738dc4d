import type { CachedRequest } from '../decorators/cache-response.options.js';
import type { EntryView, LoadContext, LoadOptions } from '../engine/contract/cache.js';
import type { CacheStatus } from './cache-status.js';
import { Capture, HandlerFailedError } from './capture.js';
import type { LocatedRequest } from './request-view.js';
import type { RoutePlan } from './route-plan.js';
import { packResponse, type StoredResponse, unpackResponse } from './stored-response.js';

/** A stored response and what to say about it. */
export interface Answer {
  readonly response: StoredResponse;
  readonly status: CacheStatus;
}

/** The handler is to run, and its response to be captured. */
export interface Lead {
  readonly capture: Capture;
  /** The stale response that is served instead, where the handler fails and there is one. */
  readonly fallback: Promise<StoredResponse | undefined>;
}

/** What to do with a request. */
export type Lookup =
  | ({ readonly kind: 'answer' } & Answer)
  | ({ readonly kind: 'lead' } & Lead)
  /** The handler is to run for this request alone. */
  | { readonly kind: 'pass' };

/** Makes a response anew, without a client waiting for it. */
export type Remake = (capture: Capture) => Promise<void>;

/** A response nobody else may have is stored nowhere, and stands for itself as nothing. */
const NOTHING = Buffer.alloc(0);

/** Finds responses, and lets requests for the same one share one run of the handler: the cache-aside of HTTP. */
export class ResponseCache {
  /** What is stored, fresh or within `stale-while-revalidate`; then it is made anew in the background. */
  async find(plan: RoutePlan, located: LocatedRequest, remake: Remake): Promise<Answer | undefined> {
    const { key, view } = located;
    const entry = await plan.cache.getEntry<Uint8Array>(key, { allowStale: plan.staleWhileRevalidateMs > 0 });
    const response = entry && unpackResponse(entry.value);
    if (!entry || !response || entry.ttlMs < -plan.staleWhileRevalidateMs) return undefined;
    if (entry.isStale) this.refresh(plan, key, view, remake);
    return { response, status: hit(entry) };
  }

  /** Waits for who makes the response already, or asks this request to make it. */
  findOrLead(
    plan: RoutePlan,
    { key, view }: LocatedRequest,
    consistency?: LoadOptions['consistency'],
  ): Promise<Lookup> {
    return new Promise((resolve) => {
      const capture = new Capture();
      const fallback = Promise.withResolvers<StoredResponse | undefined>();
      const settle = (stale: StoredResponse | undefined, shared = stale) => {
        fallback.resolve(stale);
        resolve(collapsed(shared));
      };
      plan.cache
        .getOrLoad<Uint8Array>(
          key,
          (context) => {
            resolve({ kind: 'lead', capture, fallback: fallback.promise });
            return toValue(plan, capture, context);
          },
          { ...optionsOf(plan, view), consistency },
        )
        .then(
          (packed) => settle(unpackResponse(packed)),
          (error: unknown) => settle(undefined, error instanceof HandlerFailedError ? error.response : undefined),
        );
    });
  }

  private refresh(plan: RoutePlan, key: string, view: CachedRequest, remake: Remake): void {
    const capture = new Capture();
    const loading = plan.cache.getOrLoad<Uint8Array>(
      key,
      async (context) => {
        await remake(capture);
        capture.abandon();
        return toValue(plan, capture, context);
      },
      optionsOf(plan, view),
    );
    // Whoever asks next tries again.
    loading.catch(() => undefined);
  }
}

function optionsOf(plan: RoutePlan, view: CachedRequest): LoadOptions<Uint8Array> {
  return {
    ttlMs: plan.ttlMs,
    graceMs: Math.max(plan.staleWhileRevalidateMs, plan.staleIfErrorMs),
    tags: typeof plan.tags === 'function' ? plan.tags(view) : plan.tags,
  };
}

async function toValue(plan: RoutePlan, capture: Capture, context: LoadContext): Promise<Buffer> {
  const captured = await capture.result;
  if (captured.kind === 'private') {
    context.skipStore();
    return NOTHING;
  }
  if (captured.kind === 'share') context.skipStore();
  else if (captured.isError) context.set({ ttlMs: captured.ttlMs, graceMs: 0 });
  else if (captured.ttlMs !== plan.ttlMs) context.set({ ttlMs: captured.ttlMs });
  return packResponse(captured.response);
}

function hit(entry: EntryView<Uint8Array>): CacheStatus {
  return { kind: 'hit', ttlMs: entry.ttlMs, tier: entry.tier };
}

function collapsed(response: StoredResponse | undefined): Lookup {
  if (!response) return { kind: 'pass' };
  return { kind: 'answer', response, status: { kind: 'forwarded', reason: 'miss', isCollapsed: true } };
}
