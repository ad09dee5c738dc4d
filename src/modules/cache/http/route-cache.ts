import { AsyncLocalStorage } from 'node:async_hooks';
import { GatewayTimeoutException, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CachedRequest } from '../decorators/cache-response.options.js';
import { parseCacheControl } from './cache-control.js';
import { formatCacheStatus } from './cache-status.js';
import { Capture, HandlerFailedError } from './capture.js';
import { compressedVariants } from './content-coding.js';
import { strongTag } from './entity-tag.js';
import { PrincipalResolvers } from './principal-resolvers.js';
import { narrowRequest, RequestLocator } from './request-view.js';
import { type Lead, type Remake, ResponseCache } from './response-cache.js';
import { addedHeaders, isStorableHeader, judgeResponse, refuseRequest } from './response-policy.js';
import { type ClientWishes, type Payload, writeResponse } from './response-writer.js';
import type { RoutePlan } from './route-plan.js';
import type { StoredResponse } from './stored-response.js';

/** A request whose handler runs for the cache: what is needed once it has answered. */
interface Run extends Lead {
  readonly plan: RoutePlan;
  readonly client: ClientWishes;
  readonly headersBefore: Readonly<Record<string, unknown>>;
  /** Gives the request back what its handler was not to see. */
  restore(): void;
}

/**
 * Answers requests of cached routes, or has their handlers run and keeps what they answer. Called before Nest's pipeline
 * or after the guards ({@link open}), and when the response is about to be sent ({@link close}).
 */
@Injectable()
export class RouteCache {
  private readonly responses = new ResponseCache();
  private readonly locator = new RequestLocator();
  private readonly runs = new WeakMap<FastifyRequest, Run>();
  /** Marks requests made here, to remake a stale response. */
  private readonly remaking = new AsyncLocalStorage<{ capture: Capture | undefined }>();

  constructor(
    private readonly adapters: HttpAdapterHost,
    private readonly principals: PrincipalResolvers,
  ) {}

  /**
   * The body of a stored response, with status and headers put on the reply (`null`: none), or `undefined` when the
   * handler is to run.
   *
   * @throws GatewayTimeoutException for `only-if-cached` when nothing is stored.
   */
  async open(plan: RoutePlan, request: FastifyRequest, reply: FastifyReply): Promise<Payload | null | undefined> {
    const client = wishesOf(request);
    const caller = this.principals.resolve(request);
    const located = this.locator.locate(plan, request, caller);
    const remaking = this.remaking.getStore();
    if (remaking?.capture) {
      const lead = { capture: remaking.capture, fallback: Promise.resolve(undefined) };
      remaking.capture = undefined;
      this.begin(plan, request, reply, located.view, lead);
      return undefined;
    }
    const refusal = refuseRequest(plan, request, located.view, caller !== undefined);
    if (refusal !== undefined) return this.pass(reply, refusal);
    const wished = parseCacheControl(request.headers['cache-control']);
    const isRefresh = plan.clientControl.has('no-cache') && wished.has('no-cache');
    const found = isRefresh ? undefined : await this.responses.find(plan, located, this.remakeOf(request));
    if (found) return writeResponse(plan, reply, found.response, found.status, client);
    const isOnlyIfCached = plan.clientControl.has('only-if-cached') && wished.has('only-if-cached');
    if (isOnlyIfCached && !isRefresh) throw this.nothingStored(reply);
    if (request.method === 'HEAD') return this.pass(reply, 'head');
    const lookup = await this.responses.findOrLead(plan, located, isRefresh ? 'refresh' : undefined);
    if (lookup.kind === 'answer') return writeResponse(plan, reply, lookup.response, lookup.status, client);
    if (lookup.kind === 'lead') this.begin(plan, request, reply, located.view, lookup);
    else this.pass(reply, 'not-shared');
    return undefined;
  }

  /**
   * What to send instead of the handler's payload: the same bytes as a later hit. `undefined` where no handler ran for
   * the cache.
   */
  close(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> | undefined {
    const run = this.runs.get(request);
    if (!run) return undefined;
    this.runs.delete(request);
    run.restore();
    return this.finish(run, reply, payload).finally(() => run.capture.abandon());
  }

  private nothingStored(reply: FastifyReply): GatewayTimeoutException {
    reply.header('cache-status', formatCacheStatus({ kind: 'forwarded', reason: 'miss', detail: 'only-if-cached' }));
    return new GatewayTimeoutException('Nothing is stored for this request, and it asks for nothing else.');
  }

  private begin(plan: RoutePlan, request: FastifyRequest, reply: FastifyReply, view: CachedRequest, lead: Lead): void {
    const client = wishesOf(request);
    const restore = narrowRequest(plan, request, view);
    this.runs.set(request, { ...lead, plan, client, restore, headersBefore: { ...reply.getHeaders() } });
    reply.raw.once('close', () => lead.capture.abandon());
  }

  private async finish(run: Run, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const { plan, capture, client } = run;
    const added = addedHeaders(reply, run.headersBefore);
    const verdict = judgeResponse(plan, reply, payload, added);
    const response = verdict.kind === 'private' ? undefined : await this.store(plan, reply, payload, added);
    if (reply.statusCode >= 500 && plan.staleIfErrorMs > 0) {
      capture.fail(new HandlerFailedError(response));
      const fallback = await run.fallback;
      if (fallback) {
        for (const [name] of added) reply.removeHeader(name);
        return writeResponse(
          plan,
          reply,
          fallback,
          { kind: 'forwarded', reason: 'stale', detail: 'handler-failed' },
          client,
        );
      }
    }
    if (verdict.kind === 'private' || !response) {
      capture.abandon();
      this.pass(reply, verdict.kind === 'private' ? verdict.reason : verdict.kind);
      return payload;
    }
    capture.settle({ ...verdict, response });
    return writeResponse(
      plan,
      reply,
      response,
      { kind: 'forwarded', reason: 'miss', isStored: verdict.kind === 'store' },
      client,
    );
  }

  private async store(
    plan: RoutePlan,
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
      variants: plan.isCompressed ? await compressedVariants(body, reply.getHeader('content-type')?.toString()) : {},
    };
  }

  /** Sends the request once more to this server, for nobody; guards and all. */
  private remakeOf(request: FastifyRequest): Remake {
    const { url, headers } = request.raw;
    const remoteAddress = request.socket.remoteAddress;
    return async (capture) => {
      const server = this.adapters.httpAdapter.getInstance<FastifyInstance>();
      // Awaited inside: what inject() returns only begins when it is awaited.
      await this.remaking.run({ capture }, async () => {
        await server.inject({ method: 'GET', url, headers: { ...headers }, remoteAddress });
      });
    };
  }

  /** The cache has no part in it. What was made for someone's credentials must not be kept by caches further down either. */
  private pass(reply: FastifyReply, reason: string): undefined {
    reply.header(
      'cache-status',
      formatCacheStatus({ kind: 'forwarded', reason: reason === 'head' ? 'miss' : 'bypass', detail: reason }),
    );
    if (reason === 'credentials' || reason === 'no-principal') reply.header('cache-control', 'private, no-cache');
    return undefined;
  }
}

function wishesOf({ headers }: FastifyRequest): ClientWishes {
  return { acceptEncoding: headers['accept-encoding']?.toString(), ifNoneMatch: headers['if-none-match'] };
}
