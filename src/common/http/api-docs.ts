import { UnauthorizedException } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { AdminGuard } from './guards/admin.guard.js';
import { OperatorAccess } from './guards/operator-access.js';
import { acceptsPage, sendSignInPage } from './guards/sign-in-page.js';
import type { HttpConfig } from './http.config.js';

const PATH = 'docs';
/** Patterns of the routes that `SwaggerModule` makes. */
const ROUTE = new RegExp(`^/${PATH}(-json|-yaml)?(/|$)`);

/** Serves the OpenAPI document at `/docs` (and `/docs-json`) to the callers that `DOCS_ACCESS` allows. Other callers get 401. */
export function serveApiDocs(app: NestFastifyApplication, access: HttpConfig['docsAccess']): void {
  if (access === 'off') return;
  if (access === 'token') closeRoutes(app);
  const document = new DocumentBuilder()
    .setTitle('Larder')
    .setDescription('Cached embeddings, sessions, responses and queries.')
    .setVersion('1')
    .addBearerAuth()
    .build();
  SwaggerModule.setup(PATH, app, () => SwaggerModule.createDocument(app, document));
}

/** The hook is on the routes themselves: a path can be written in many ways, and each leads to the route. */
function closeRoutes(app: NestFastifyApplication): void {
  const [operators, { door }] = [app.get(OperatorAccess), app.get(AdminGuard)];
  const server = app.getHttpAdapter().getInstance() as FastifyInstance;
  server.addHook('onRoute', (route) => {
    if (!ROUTE.test(route.url)) return;
    route.onRequest = [route.onRequest ?? []].flat();
    route.onRequest.push((request, reply, done) => {
      if (operators.isOpen(request, { ...door, name: 'docs' })) return done();
      if (acceptsPage(request)) return sendSignInPage(reply);
      return done(new UnauthorizedException('The documentation needs the token of operators (DOCS_ACCESS).'));
    });
  });
}
