import { AsyncLocalStorage } from 'node:async_hooks';
import { GatewayTimeoutException, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseCacheControl } from './cache-control.js';
import { type ForwardReason, formatCacheStatus } from './cache-status.js';
import { PrincipalResolvers } from './principal-resolvers.js';
import { narrowRequest } from './request-narrowing.js';
import { type RequestLocation, RequestLocator, viewRequest } from './request-view.js';
import { HandlerFailedError, type ResponseCapture } from './response-capture.js';
import { addedHeaders, bypassReason, classifyResponse, freshnessOfReply } from './response-policy.js';
import { type ResponseRun, ResponseRuns } from './response-run.js';
import { type Leader, ResponseStore, type Revalidation } from './response-store.js';
import { type ClientPreferences, writeResponse } from './response-writer.js';
import type { RouteSettings } from './route-settings.js';
import { captureResponse } from './stored-capture.js';
import { UnreadableResponses } from './unreadable-responses.js';

/** A request that this class sends to its own server to revalidate a stale response. */
interface OwnRequest {
  readonly key: string;
  /** Taken by the request when it reaches the cache. */
  capture: ResponseCapture | undefined;
}

/**
 * Answers requests of cached routes from the cache ({@link tryAnswer}, called after everything that may refuse a request),
 * and stores the responses of handlers that had to run ({@link captureResponse}, called before a response is sent).
 */
@Injectable()
export class ResponseCacheHandler {
  private readonly store: ResponseStore;
  private readonly locator = new RequestLocator();
  private readonly runs = new ResponseRuns();
  private readonly revalidations = new AsyncLocalStorage<OwnRequest>();
  /** The context of the start, so that a revalidation does not begin in the context of the request that noticed it. */
  private readonly inContextOfStart = AsyncLocalStorage.snapshot();

  constructor(
    private readonly adapters: HttpAdapterHost,
    private readonly principals: PrincipalResolvers,
    unreadable: UnreadableResponses,
  ) {
    this.store = new ResponseStore(unreadable);
  }

  /**
   * Answers from the cache if possible: puts status and headers on the reply and returns the body (`null` for none).
   * Returns `undefined` when the handler has to run.
   *
   * @throws GatewayTimeoutException for `only-if-cached` when nothing is stored.
   */
  async tryAnswer(
    route: RouteSettings,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Buffer | null | undefined> {
    const caller = this.principals.resolve(request);
    const bypass = bypassReason(route, request, caller);
    const location = bypass ?? this.locator.locate(route, request, caller);
    const own = this.revalidations.getStore();
    if (own?.capture) return this.answerOwn(route, request, reply, location, own);
    if (typeof location === 'string') return this.bypass(reply, location);
    const directives = parseCacheControl(request.raw.headers['cache-control']);
    const isRefresh = route.clientControl.has('no-cache') && directives.has('no-cache');
    const client = preferencesOf(request);
    const found = isRefresh
      ? undefined
      : await this.store.find(route, location, () => this.revalidate(route, request, location));
    if (found) return writeResponse(route, reply, found.response, found.status, client);
    const isOnlyIfCached = route.clientControl.has('only-if-cached') && directives.has('only-if-cached');
    if (isOnlyIfCached && !isRefresh) throw this.nothingStored(reply);
    if (request.method === 'HEAD') return this.bypass(reply, 'head');
    const lookup = { ...location, view: viewRequest(route, request, location) };
    const result = await this.store.findOrLead(route, lookup, isRefresh ? 'refresh' : undefined);
    if (result.kind === 'answer') return writeResponse(route, reply, result.response, result.status, client);
    if (result.kind === 'leader') this.begin(route, request, reply, location, result, isRefresh ? 'request' : 'miss');
    else this.bypass(reply, 'not-shared');
    return undefined;
  }

  /**
   * Stores the handler's response and returns the payload to send: the same bytes as a later hit. `undefined` when the
   * handler of this request did not run for the cache.
   */
  captureResponse(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> | undefined {
    const run = this.runs.end(request);
    return run && this.finish(run, reply, payload).finally(() => run.capture.abandon());
  }

  private nothingStored(reply: FastifyReply): GatewayTimeoutException {
    reply.header('cache-status', formatCacheStatus({ kind: 'forwarded', reason: 'miss', detail: 'only-if-cached' }));
    return new GatewayTimeoutException(
      'No response is stored for this request, and its only-if-cached directive asks for a stored response.',
    );
  }

  /** Runs the handler for the stale response, unless the request is no longer one for it: its caller may have changed. */
  private answerOwn(
    route: RouteSettings,
    request: FastifyRequest,
    reply: FastifyReply,
    location: RequestLocation | string,
    own: OwnRequest,
  ): null | undefined {
    const capture = own.capture!;
    own.capture = undefined;
    if (typeof location === 'object' && location.key === own.key) {
      this.begin(route, request, reply, location, { capture, fallback: Promise.resolve(undefined) }, 'stale');
      return undefined;
    }
    capture.abandon();
    reply.code(204);
    return null;
  }

  private begin(
    route: RouteSettings,
    request: FastifyRequest,
    reply: FastifyReply,
    location: RequestLocation,
    leader: Leader,
    reason: ForwardReason,
  ): void {
    const client = preferencesOf(request);
    const headersBefore = { ...reply.getHeaders() };
    try {
      const restore = narrowRequest(route, request, location, this.principals);
      this.runs.begin(request, reply, { ...leader, route, client, reason, restore, headersBefore });
    } catch (error) {
      // Otherwise the requests that wait would wait for a run that never begins.
      leader.capture.abandon();
      throw error;
    }
  }

  private async finish(run: ResponseRun, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const { route, capture, client, reason } = run;
    const freshness = freshnessOfReply(reply, Date.now());
    const added = addedHeaders(reply, run.headersBefore);
    const decision = classifyResponse(route, reply, payload, added, freshness);
    if (reply.statusCode >= 400 && this.runs.hasLeft(run)) {
      capture.abandon();
      return payload;
    }
    const response =
      decision.kind === 'private' ? undefined : await captureResponse(route, reply, payload, added, freshness);
    if (reply.statusCode >= 500 && route.staleIfErrorMs > 0) {
      capture.fail(new HandlerFailedError(response));
      const fallback = await run.fallback;
      if (fallback) {
        for (const [name] of added) reply.removeHeader(name);
        const status = { kind: 'forwarded', reason: 'stale', detail: 'handler-failed' } as const;
        return writeResponse(route, reply, fallback, status, client);
      }
    }
    if (decision.kind === 'private' || !response) {
      capture.keepPrivate();
      this.bypass(reply, decision.kind === 'private' ? decision.reason : decision.kind);
      return payload;
    }
    capture.settle({ ...decision, response });
    return writeResponse(
      route,
      reply,
      response,
      { kind: 'forwarded', reason, isStored: decision.kind === 'store' },
      client,
    );
  }

  /** Sends the request to this server again, in the background and through all hooks and guards. */
  private revalidate(route: RouteSettings, request: FastifyRequest, location: RequestLocation) {
    const { url, headers } = request.raw;
    const remoteAddress = request.socket.remoteAddress;
    const run: Revalidation = (capture) =>
      this.inContextOfStart(() =>
        // Awaited inside run(): inject() begins only when its result is awaited.
        this.revalidations.run({ key: location.key, capture }, async () => {
          const server = this.adapters.httpAdapter.getInstance<FastifyInstance>();
          await server.inject({ method: 'GET', url, headers: { ...headers }, remoteAddress });
        }),
      );
    return { lookup: { ...location, view: viewRequest(route, request, location) }, run };
  }

  /** The cache has no part in the response. Other caches must not store a response to credentials either. */
  private bypass(reply: FastifyReply, reason: string): undefined {
    reply.header(
      'cache-status',
      formatCacheStatus({ kind: 'forwarded', reason: reason === 'head' ? 'miss' : 'bypass', detail: reason }),
    );
    if (UNSHARED.has(reason)) reply.header('cache-control', 'private, no-cache');
    return undefined;
  }
}

/** Reasons for which the response may be the caller's own. */
const UNSHARED = new Set(['credentials', 'no-principal', 'no-scope', 'vary-by', 'target']);

function preferencesOf({ raw: { headers } }: FastifyRequest): ClientPreferences {
  return {
    acceptEncoding: headers['accept-encoding']?.toString(),
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
  };
}
