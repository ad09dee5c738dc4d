import { NotFoundException } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { HttpConfig } from './http.config.js';
import { isLocalCaller } from './guards/local-caller.js';

const PATH = 'docs';

/** Serves the OpenAPI document at `/docs` (and `/docs-json`) to the callers that `DOCS_ACCESS` allows. Other callers get 404. */
export function serveApiDocs(app: NestFastifyApplication, access: HttpConfig['docsAccess']): void {
  if (access === 'off') return;
  if (access === 'local') {
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request, _reply, done) => {
        done(/^\/docs\b/.test(request.url) && !isLocalCaller(request) ? new NotFoundException() : undefined);
      });
  }
  const document = new DocumentBuilder()
    .setTitle('Larder')
    .setDescription('Cached embeddings, sessions, responses and queries.')
    .setVersion('1')
    .addBearerAuth()
    .build();
  SwaggerModule.setup(PATH, app, () => SwaggerModule.createDocument(app, document));
}
