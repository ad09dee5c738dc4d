import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, of } from 'rxjs';
import { RouteCache } from './route-cache.js';
import { planOf } from './route-plan.js';

/** Answers cached routes that have guards, once these have let the request pass. */
export class ResponseCacheInterceptor implements NestInterceptor {
  constructor(private readonly routes: RouteCache) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const plan =
      context.getType() === 'http'
        ? planOf(context.switchToHttp().getRequest<FastifyRequest>().routeOptions?.config)
        : undefined;
    if (plan?.place !== 'interceptor') return next.handle();
    const http = context.switchToHttp();
    const bytes = await this.routes.open(plan, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
    return bytes === undefined ? next.handle() : of(bytes ?? undefined);
  }
}
