import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppModule } from './app.module.js';
import { httpConfig } from './common/http/http.config.js';
import { serveApiDocs } from './common/http/api-docs.js';
import { renderProblem } from './common/http/problems/problem.filter.js';
import { RequestDrain } from './common/http/hooks/request-drain.js';
import { addRequestHooks } from './common/http/hooks/request-hooks.js';
import { requestIdOf } from './common/http/hooks/request-id.js';
import { securityHeaders } from './common/http/hooks/security-headers.js';
import { refuseUnserved } from './common/http/hooks/unserved-requests.js';
import { createPino } from './common/logging/create-pino.js';
import { loggingConfig } from './common/logging/logging.config.js';
import { PinoNestLogger } from './common/logging/pino-nest.logger.js';
import { startInvalidation } from './modules/invalidation/index.js';

/**
 * The service, ready to listen. Several run side by side in one process, each with the environment it is given.
 *
 * @throws ConfigError naming every wrong variable.
 */
export async function createApp(env: NodeJS.ProcessEnv): Promise<NestFastifyApplication> {
  // First, because it tells what is wrong with every section at once.
  const root = AppModule.forRoot(env);
  const http = httpConfig.parse(env);
  const logging = loggingConfig.parse(env);
  const adapter = new FastifyAdapter({
    bodyLimit: http.bodyLimitBytes,
    trustProxy: http.isProxyTrusted,
    requestTimeout: http.requestTimeoutMs,
    genReqId: requestIdOf,
    forceCloseConnections: 'idle',
    // What the router itself refuses (a malformed URL) reaches no filter.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const { status, headers, body } = renderProblem(error, request);
      void reply
        .status(status)
        .headers(headers ?? {})
        .send(body);
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: new PinoNestLogger(await createPino(logging)),
    abortOnError: false,
  });
  const server = adapter.getInstance();
  app.get(RequestDrain).watch(server);
  addRequestHooks(server, logging.requests);
  refuseUnserved(server);
  app.useSecurityHeaders(securityHeaders(http.isTls));
  app.enableCsrfProtection({ trustedOrigins: http.trustedOrigins });
  serveApiDocs(app, http.docsAccess);
  await startInvalidation(app);
  return app;
}
