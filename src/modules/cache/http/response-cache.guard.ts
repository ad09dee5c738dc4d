import { type CanActivate, Catch, type ExceptionFilter, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RouteCache } from './route-cache.js';
import type { RoutePlan } from './route-plan.js';

/** Ends Nest's pipeline where the response has been sent: a guard can't say so otherwise. */
class AnsweredFromCache extends Error {
  override readonly name = 'AnsweredFromCache';
}

const ANSWERED = new AnsweredFromCache('The response was sent from the cache.');

/** The last guard of a cached route: answers in place of everything that would follow. */
export class ResponseCacheGuard implements CanActivate {
  constructor(
    private readonly routes: RouteCache,
    private readonly plan: RoutePlan,
  ) {}

  /** True where the handler is to run. @throws AnsweredFromCache, for {@link AnsweredFromCacheFilter}. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const payload = await this.routes.open(this.plan, http.getRequest<FastifyRequest>(), reply);
    if (payload === undefined) return true;
    void reply.send(payload ?? undefined);
    throw ANSWERED;
  }
}

/** Nothing is left to do. The first filter that is asked, being the last of the method's. */
@Catch(AnsweredFromCache)
export class AnsweredFromCacheFilter implements ExceptionFilter {
  catch(): void {}
}
