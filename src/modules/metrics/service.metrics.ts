import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { RequestDrain } from '../../common/http/hooks/request-drain.js';
import { unhandledErrors } from '../../common/unhandled-errors.js';
import { DatabaseConnection } from '../database/index.js';
import { METRIC } from './metric-names.js';

const HTTP_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** The process (memory, CPU, event-loop lag, garbage collection), its HTTP requests and its database. */
@Injectable()
export class ServiceMetrics {
  constructor(
    registry: Registry,
    requests: RequestDrain,
    database: DatabaseConnection,
    { httpAdapter }: HttpAdapterHost,
  ) {
    const registers = [registry];
    collectDefaultMetrics({ register: registry });
    const seconds = new Histogram({
      name: METRIC.httpSeconds,
      help: 'Time to answer, by route and status.',
      labelNames: ['method', 'route', 'status'],
      buckets: HTTP_BUCKETS_SECONDS,
      registers,
    });
    (httpAdapter.getInstance() as FastifyInstance).addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'none';
      seconds.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000);
      done();
    });
    new Gauge({
      name: METRIC.httpInFlight,
      help: 'Requests being answered.',
      registers,
      collect() {
        this.set(requests.requestsInFlight);
      },
    });
    new Gauge({
      name: METRIC.databaseState,
      help: '1 for the state the database is in.',
      labelNames: ['kind', 'state'],
      registers,
      collect() {
        this.reset();
        const { kind, state } = database.health();
        this.set({ kind, state }, 1);
      },
    });
    new Counter({
      name: METRIC.unhandledErrors,
      help: 'Unhandled promise rejections. Each is a bug; its stack is in the log.',
      registers,
      collect() {
        this.reset();
        this.inc(unhandledErrors.count);
      },
    });
  }
}
