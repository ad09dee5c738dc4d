import { AsyncLocalStorage } from 'node:async_hooks';
import { GatewayTimeoutException, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CachedRequest } from '../decorators/cache-response.options.js';
import { parseCacheControl } from './cache-control.js';
import { formatCacheStatus } from './cache-status.js';
import { ResponseCapture, HandlerFailedError } from './response-capture.js';
import { compressedVariants } from './content-coding.js';
import { strongTag } from './entity-tag.js';
import { PrincipalResolvers } from './principal-resolvers.js';
import { narrowRequest, RequestLocator } from './request-view.js';
import { type Leader, type Revalidation, ResponseStore } from './response-store.js';
import { addedHeaders, isStorableHeader, classifyResponse, bypassReason } from './response-policy.js';
import { type ClientPreferences, type Payload, writeResponse } from './response-writer.js';
import type { RouteSettings } from './route-settings.js';
import type { StoredResponse } from './stored-response.js';

/** A request whose handler runs for the cache, with what {@link ResponseCacheHandler.captureResponse} needs. */
interface HandlerRun extends Leader {
  readonly route: RouteSettings;
  readonly client: ClientPreferences;
  readonly headersBefore: Readonly<Record<string, unknown>>;
  /** Restores the parts of the request that were hidden from its handler. */
  restore(): void;
}

/**
 * Answers requests of cached routes from the cache ({@link tryAnswer}, called before Nest's pipeline or after the guards),
 * and stores the responses of handlers that had to run ({@link captureResponse}, called before a response is sent).
 */
@Injectable()
export class ResponseCacheHandler {
  private readonly store = new ResponseStore();
  private readonly locator = new RequestLocator();
  private readonly runs = new WeakMap<FastifyRequest, HandlerRun>();
  /** Marks the requests this class sends to its own server to revalidate a stale response. */
  private readonly revalidations = new AsyncLocalStorage<{ capture: ResponseCapture | undefined }>();

  constructor(
    private readonly adapters: HttpAdapterHost,
    private readonly principals: PrincipalResolvers,
  ) {}

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
  ): Promise<Payload | null | undefined> {
    const client = preferencesOf(request);
    const caller = this.principals.resolve(request);
    const location = this.locator.locate(route, request, caller);
    const revalidation = this.revalidations.getStore();
    if (revalidation?.capture) {
      const leader = { capture: revalidation.capture, fallback: Promise.resolve(undefined) };
      revalidation.capture = undefined;
      this.begin(route, request, reply, location.view, leader);
      return undefined;
    }
    const bypass = bypassReason(route, request, location.view, caller !== undefined);
    if (bypass !== undefined) return this.bypass(reply, bypass);
    const directives = parseCacheControl(request.headers['cache-control']);
    const isRefresh = route.clientControl.has('no-cache') && directives.has('no-cache');
    const found = isRefresh ? undefined : await this.store.find(route, location, this.revalidationOf(request));
    if (found) return writeResponse(route, reply, found.response, found.status, client);
    const isOnlyIfCached = route.clientControl.has('only-if-cached') && directives.has('only-if-cached');
    if (isOnlyIfCached && !isRefresh) throw this.nothingStored(reply);
    if (request.method === 'HEAD') return this.bypass(reply, 'head');
    const result = await this.store.findOrLead(route, location, isRefresh ? 'refresh' : undefined);
    if (result.kind === 'answer') return writeResponse(route, reply, result.response, result.status, client);
    if (result.kind === 'leader') this.begin(route, request, reply, location.view, result);
    else this.bypass(reply, 'not-shared');
    return undefined;
  }

  /**
   * Stores the handler's response and returns the payload to send: the same bytes as a later hit. `undefined` when the
   * handler of this request did not run for the cache.
   */
  captureResponse(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> | undefined {
    const run = this.runs.get(request);
    if (!run) return undefined;
    this.runs.delete(request);
    run.restore();
    return this.finish(run, reply, payload).finally(() => run.capture.abandon());
  }

  private nothingStored(reply: FastifyReply): GatewayTimeoutException {
    reply.header('cache-status', formatCacheStatus({ kind: 'forwarded', reason: 'miss', detail: 'only-if-cached' }));
    return new GatewayTimeoutException(
      'No response is stored for this request, and its only-if-cached directive asks for a stored response.',
    );
  }

  private begin(
    route: RouteSettings,
    request: FastifyRequest,
    reply: FastifyReply,
    view: CachedRequest,
    leader: Leader,
  ): void {
    const client = preferencesOf(request);
    const restore = narrowRequest(route, request, view);
    this.runs.set(request, { ...leader, route, client, restore, headersBefore: { ...reply.getHeaders() } });
    reply.raw.once('close', () => leader.capture.abandon());
  }

  private async finish(run: HandlerRun, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const { route, capture, client } = run;
    const added = addedHeaders(reply, run.headersBefore);
    const decision = classifyResponse(route, reply, payload, added);
    const response =
      decision.kind === 'private' ? undefined : await this.toStoredResponse(route, reply, payload, added);
    if (reply.statusCode >= 500 && route.staleIfErrorMs > 0) {
      capture.fail(new HandlerFailedError(response));
      const fallback = await run.fallback;
      if (fallback) {
        for (const [name] of added) reply.removeHeader(name);
        return writeResponse(
          route,
          reply,
          fallback,
          { kind: 'forwarded', reason: 'stale', detail: 'handler-failed' },
          client,
        );
      }
    }
    if (decision.kind === 'private' || !response) {
      capture.abandon();
      this.bypass(reply, decision.kind === 'private' ? decision.reason : decision.kind);
      return payload;
    }
    capture.settle({ ...decision, response });
    return writeResponse(
      route,
      reply,
      response,
      { kind: 'forwarded', reason: 'miss', isStored: decision.kind === 'store' },
      client,
    );
  }

  private async toStoredResponse(
    route: RouteSettings,
    reply: FastifyReply,
    payload: unknown,
    added: readonly (readonly [string, string])[],
  ): Promise<StoredResponse> {
    const body = Buffer.isBuffer(payload) ? payload : Buffer.from((payload as string | null | undefined) ?? '');
    return {
      status: reply.statusCode,
      headers: added.filter((header) => isStorableHeader(reply.statusCode, header)),
      entityTag: reply.getHeader('etag')?.toString() ?? strongTag(body),
      madeAtMs: Date.now(),
      body,
      variants: route.isCompressed ? await compressedVariants(body, reply.getHeader('content-type')?.toString()) : {},
    };
  }

  /** Sends the request to this server again, in the background and through all guards. */
  private revalidationOf(request: FastifyRequest): Revalidation {
    const { url, headers } = request.raw;
    const remoteAddress = request.socket.remoteAddress;
    return async (capture) => {
      const server = this.adapters.httpAdapter.getInstance<FastifyInstance>();
      // Awaited inside run(): inject() begins only when its result is awaited.
      await this.revalidations.run({ capture }, async () => {
        await server.inject({ method: 'GET', url, headers: { ...headers }, remoteAddress });
      });
    };
  }

  /** The cache has no part in the response. Other caches must not store a response to credentials either. */
  private bypass(reply: FastifyReply, reason: string): undefined {
    reply.header(
      'cache-status',
      formatCacheStatus({ kind: 'forwarded', reason: reason === 'head' ? 'miss' : 'bypass', detail: reason }),
    );
    if (reason === 'credentials' || reason === 'no-principal') reply.header('cache-control', 'private, no-cache');
    return undefined;
  }
}

function preferencesOf({ headers }: FastifyRequest): ClientPreferences {
  return { acceptEncoding: headers['accept-encoding']?.toString(), ifNoneMatch: headers['if-none-match'] };
}
