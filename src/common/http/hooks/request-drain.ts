import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpConfig, httpConfig } from '../http.config.js';

/** Time in which a request that is on its way on an open connection arrives. */
const QUIET_MS = 100;

/** Phase of the service, which the probes report. */
export type LifecyclePhase = 'starting' | 'serving' | 'draining';

/**
 * Lets requests in flight finish before the parts they use are closed. The root module runs it first when the application
 * closes.
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

  /** Number of requests in flight. */
  get requestsInFlight(): number {
    return this.inFlight;
  }

  /** Starts to count the requests of a server. Must be called before routes are served. */
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
    // Clients with open connections must send their next request to another instance. The header is set with the answer, so
    // that requests in flight at the beginning of the shutdown get it too.
    server.addHook('onSend', (_request, reply, _payload, done) => {
      if (this.currentPhase === 'draining') reply.header('connection', 'close');
      done();
    });
  }

  /** Reports "not ready" for `SHUTDOWN_DELAY`, then stops accepting connections and waits for requests in flight, at most `SHUTDOWN_TIMEOUT`. */
  async drain(): Promise<void> {
    const wasServing = this.currentPhase === 'serving';
    this.currentPhase = 'draining';
    if (!wasServing) return;
    if (this.config.shutdownDelayMs > 0) await delay(this.config.shutdownDelayMs);
    const server = this.adapterHost.httpAdapter.getHttpServer() as Server;
    // Only stops listening: `http.Server.close` would also end connections that look idle because their next request has not
    // been read yet.
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

  /** Resolves when no request is in flight and no further one has arrived on the open connections. */
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
