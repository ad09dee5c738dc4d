import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ForwardReason } from './cache-status.js';
import type { Leader } from './response-store.js';
import type { ClientPreferences } from './response-writer.js';
import type { RouteSettings } from './route-settings.js';

/** How long a handler may go on for the cache after its client has left. Then another request runs it. */
const MAX_RUN_WITHOUT_CLIENT_MS = 60_000;

/** A request whose handler runs for the cache. */
export interface ResponseRun extends Leader {
  readonly route: RouteSettings;
  readonly client: ClientPreferences;
  readonly reason: ForwardReason;
  readonly headersBefore: Readonly<Record<string, unknown>>;
  /** Restores the parts of the request that were hidden from its handler. */
  restore(): void;
}

/** The runs of handlers for the cache, by request. */
export class ResponseRuns {
  private readonly runs = new WeakMap<FastifyRequest, ResponseRun>();
  private readonly left = new WeakSet<ResponseRun>();

  begin(request: FastifyRequest, reply: FastifyReply, run: ResponseRun): void {
    this.runs.set(request, run);
    reply.raw.once('close', () => {
      if (this.runs.get(request) !== run) return;
      // A handler that has written the response by itself, past Fastify.
      if (reply.raw.writableEnded) run.capture.keepPrivate();
      else this.goOn(run);
    });
  }

  /** Ends the run of a request and returns it; `undefined` if its handler did not run for the cache. */
  end(request: FastifyRequest): ResponseRun | undefined {
    const run = this.runs.get(request);
    if (!run) return undefined;
    this.runs.delete(request);
    run.restore();
    return run;
  }

  /** Whether the client has left: an error may then be the handler's answer to that. */
  hasLeft(run: ResponseRun): boolean {
    return this.left.has(run);
  }

  /** The client has left; the handler goes on for the requests that wait and for the cache. */
  private goOn(run: ResponseRun): void {
    this.left.add(run);
    setTimeout(() => run.capture.abandon(), MAX_RUN_WITHOUT_CLIENT_MS).unref();
  }
}
