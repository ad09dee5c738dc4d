import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../../../common/clock.js';
import { type LatencySummary, LatencyWindow } from './latency-window.js';

/** Requests of operators and platforms, which are not counted. */
const UNCOUNTED = /^\/(admin|health|metrics|docs)(\/|$|-)/;

/** Number of answered requests, and latencies of recent ones. */
@Injectable()
export class RequestLatency {
  private readonly window = new LatencyWindow(systemClock);
  private total = 0;

  constructor({ httpAdapter }: HttpAdapterHost) {
    (httpAdapter.getInstance() as FastifyInstance).addHook('onResponse', (request, reply, done) => {
      if (!UNCOUNTED.test(request.url)) {
        this.total += 1;
        this.window.record(reply.elapsedTime);
      }
      done();
    });
  }

  /** Answered requests since the instance started. */
  get requests(): number {
    return this.total;
  }

  summary(): LatencySummary {
    return this.window.summary();
  }
}
