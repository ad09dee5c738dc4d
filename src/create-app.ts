import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { httpConfig } from './common/http/http.config.js';
import { serveApiDocs } from './common/http/api-docs.js';
import { RequestDrain } from './common/http/hooks/request-drain.js';
import { addRequestHooks } from './common/http/hooks/request-hooks.js';
import { requestIdOf } from './common/http/hooks/request-id.js';
import { applyRouteRules } from './common/http/hooks/route-rules.js';
import { securityHeaders } from './common/http/hooks/security-headers.js';
import {
  answerClientError,
  answerExpectations,
  answerFrameworkError,
} from './common/http/hooks/unroutable-requests.js';
import { refuseUnserved } from './common/http/hooks/unserved-requests.js';
import { createPino } from './common/logging/create-pino.js';
import { loggingConfig } from './common/logging/logging.config.js';
import { PinoNestLogger } from './common/logging/pino-nest.logger.js';
import { startInvalidation } from './modules/invalidation/index.js';

/**
 * Creates the service, ready to listen. Several can run in one process, each with its own environment.
 *
 * @throws ConfigError naming every invalid variable.
 */
export async function createApp(env: NodeJS.ProcessEnv): Promise<NestFastifyApplication> {
  // First, because it reports the mistakes of all sections together.
  const root = AppModule.forRoot(env);
  const http = httpConfig.parse(env);
  const logging = loggingConfig.parse(env);
  const adapter = new FastifyAdapter({
    bodyLimit: http.bodyLimitBytes,
    trustProxy: http.trustedProxies,
    requestTimeout: http.requestTimeoutMs,
    genReqId: requestIdOf,
    // Node would refuse a request without a host before any hook gives it an id; `refuseUnserved` does it instead.
    http: { requireHostHeader: false },
    forceCloseConnections: 'idle',
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerClientError,
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: new PinoNestLogger(await createPino(logging)),
    abortOnError: false,
  });
  const server = adapter.getInstance();
  app.get(RequestDrain).watch(server);
  addRequestHooks(server, logging.requests);
  refuseUnserved(server);
  applyRouteRules(server);
  answerExpectations(server);
  app.useSecurityHeaders(securityHeaders(http.isTls));
  app.enableCsrfProtection({ trustedOrigins: http.trustedOrigins });
  serveApiDocs(app, http.docsAccess);
  await startInvalidation(app);
  return app;
}
