import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpConfig, httpConfig } from '../http.config.js';

/** A request that was under way on an open connection has arrived by then. */
const QUIET_MS = 100;

/** Where the service is in its life; probes answer by it. */
export type LifecyclePhase = 'starting' | 'serving' | 'draining';

/**
 * Lets requests in flight finish before anything they use is closed. The root module runs it first when the app closes.
 */
@Injectable()
export class RequestDrain {
  private readonly logger = new Logger('Shutdown');
  private currentPhase: LifecyclePhase = 'starting';
  private inFlight = 0;
  private received = 0;
  private onIdle: () => void = () => {};

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(httpConfig.KEY) private readonly config: HttpConfig,
  ) {}

  get phase(): LifecyclePhase {
    return this.currentPhase;
  }

  /** Requests being answered now. */
  get requestsInFlight(): number {
    return this.inFlight;
  }

  /** Follows every request of the server. To be called before routes are served. */
  watch(server: FastifyInstance): void {
    server.addHook('onListen', (done) => {
      this.currentPhase = 'serving';
      done();
    });
    server.addHook('onRequest', (_request, reply, done) => {
      this.inFlight += 1;
      this.received += 1;
      reply.raw.once('close', () => this.leave());
      done();
    });
    // Whoever keeps a connection open must take the next request to an instance that stays. Said with the answer, so that
    // requests that were under way when the end began hear of it too.
    server.addHook('onSend', (_request, reply, _payload, done) => {
      if (this.currentPhase === 'draining') reply.header('connection', 'close');
      done();
    });
  }

  /** Says "not ready" for `SHUTDOWN_DELAY`, then stops accepting and waits for requests in flight, `SHUTDOWN_TIMEOUT` at most. */
  async drain(): Promise<void> {
    const wasServing = this.currentPhase === 'serving';
    this.currentPhase = 'draining';
    if (!wasServing) return;
    if (this.config.shutdownDelayMs > 0) await delay(this.config.shutdownDelayMs);
    const server = this.adapterHost.httpAdapter.getHttpServer() as Server;
    // Stops listening only: `http.Server.close` would also end connections that look idle because a request on them has
    // not been read yet.
    NetServer.prototype.close.call(server);
    const deadline = new AbortController();
    const winner = await Promise.race([
      this.quiet(),
      delay(this.config.shutdownTimeoutMs, 'deadline' as const, { signal: deadline.signal }).catch(
        () => 'quiet' as const,
      ),
    ]);
    deadline.abort();
    if (winner === 'deadline') {
      this.logger.warn(
        `${this.inFlight} requests did not finish within ${this.config.shutdownTimeoutMs} ms and are cut off`,
      );
      server.closeAllConnections();
    } else server.closeIdleConnections();
  }

  /** Nothing is in flight, and nothing more came on the connections that are open. */
  private async quiet(): Promise<'quiet'> {
    for (;;) {
      if (this.inFlight > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
      const received = this.received;
      await delay(QUIET_MS);
      if (this.inFlight === 0 && this.received === received) return 'quiet';
    }
  }

  private leave(): void {
    this.inFlight -= 1;
    if (this.inFlight === 0) this.onIdle();
  }
}
