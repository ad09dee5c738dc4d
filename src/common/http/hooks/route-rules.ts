import { HttpException, NotAcceptableException } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { mediaOf } from '../routes/json-routes.decorator.js';
import { acceptsJson, isJsonType } from '../routes/media-types.js';
import { ServedRoutes } from '../routes/served-routes.js';

/**
 * Rules of RFC 9110 for every route, applied before the route runs: 405 with `Allow` for a path that has other methods, and an answer
 * to OPTIONS, and 415 for a body in a content coding, unless the route undoes it. Of routes that are JSON (`@JsonRoutes`): 406 for a
 * client that accepts none, 415 for a body that is none.
 */
export function applyRouteRules(server: FastifyInstance): void {
  const served = new ServedRoutes();
  server.addHook('onRoute', (route) => {
    served.add(route.url, route.method);
    const { bodyLimitBytes } = mediaOf(route.config);
    if (bodyLimitBytes !== undefined) route.bodyLimit = bodyLimitBytes;
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done(mediaProblem(request, reply));
    const methods = served.methodsOf(request.url.split('?', 1)[0]!);
    if (methods.length === 0) return done();
    reply.header('allow', [...methods, 'OPTIONS'].join(', '));
    if (request.method === 'OPTIONS') return void reply.status(204).send();
    return done(new HttpException(`This path has no ${request.method}.`, 405));
  });
}

function mediaProblem(request: FastifyRequest, reply: FastifyReply): HttpException | undefined {
  const { headers, method } = request;
  const { isJson, decodesBodies } = mediaOf(request.routeOptions.config);
  if (isJson && !acceptsJson(headers.accept)) return new NotAcceptableException('The answer is application/json.');
  if (method === 'GET' || method === 'HEAD' || !hasBody(request)) return undefined;
  const coding = headers['content-encoding']?.trim().toLowerCase() || 'identity';
  if (coding !== 'identity' && !decodesBodies) {
    reply.header('accept-encoding', 'identity');
    return new HttpException('This route takes bodies as they are, without a content coding.', 415);
  }
  if (!isJson || isJsonType(headers['content-type'])) return undefined;
  reply.header('accept', 'application/json');
  if (method === 'PATCH') reply.header('accept-patch', 'application/json');
  if (method === 'POST') reply.header('accept-post', 'application/json');
  return new HttpException('Send the body as application/json, in UTF-8.', 415);
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
