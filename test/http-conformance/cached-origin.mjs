import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Controller, Delete, Get, Patch, Post, Put, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { configSections } from '../../dist/app.config.js';
import { AppConfigModule } from '../../dist/common/config/app-config.module.js';
import { CacheModule, CacheResponse, cacheConfig } from '../../dist/modules/cache/index.js';
import { RedisModule, redisConfig } from '../../dist/modules/redis/index.js';
import { answerAsOrigin, setConfig, stash } from './suite.mjs';

const PATHS = ['test/:uuid', 'test/:uuid/:file'];

/** The request headers that the suite's tests vary on. */
const VARY = ['foo', 'bar', 'baz', 'accept-language'];

/**
 * The request as it came, for the suite's origin: it tells requests by a number in a header that the key does not know, so
 * the cache hides it from the handler.
 */
const requests = new AsyncLocalStorage();

class Routes {
  cached(_request, reply) {
    return answer(reply);
  }

  unscoped(_request, reply) {
    return answer(reply);
  }
}

for (const [name, method] of Object.entries({ Post, Put, Patch, Delete })) {
  Routes.prototype[name] = (_request, reply) => answer(reply);
  decorate(Routes, name, method(PATHS));
}

const options = { ttl: '1h', vary: VARY, staleIfError: '1h' };
decorate(Routes, 'cached', Get(PATHS), CacheResponse({ ...options, scope: 'public' }));
decorate(Routes, 'unscoped', Get('unscoped/test/:uuid'), CacheResponse(options));
Controller()(Routes);

class Root {
  name = 'http-conformance';
}

/** An application whose handlers are the suite's origin, behind `@CacheResponse`. Returns its URL and how it is closed. */
export async function startCachedOrigin() {
  const sections = [...new Set([...configSections, redisConfig, cacheConfig])];
  const imports = [AppConfigModule.forRoot({}, sections), RedisModule, CacheModule.forRoot()];
  const app = await NestFactory.create(
    { module: Root, imports, controllers: [Routes] },
    new FastifyAdapter({ rewriteUrl }),
    { logger: false },
  );
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHttpMethod('M-SEARCH', { hasBody: true });
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
  fastify.addHook('onRequest', ({ raw: { headers, method, url } }, _reply, done) =>
    requests.run({ headers, method, url: url.replace('/unscoped', '') }, done),
  );
  fastify.put('/config/:uuid', ({ params, body }, reply) => {
    setConfig(params.uuid, body);
    reply.code(201).send('OK');
  });
  fastify.get('/state/:uuid', ({ params }, reply) => {
    const state = stash.get(params.uuid);
    reply.code(state ? 200 : 404).send(JSON.stringify(state ?? []));
  });
  await app.init();
  // Nest has no decorator for it.
  const msearch = (_request, reply) => answer(reply).then((body) => reply.send(body));
  for (const url of PATHS) fastify.route({ method: 'M-SEARCH', url: `/${url}`, handler: msearch });
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), close: () => app.close() };
}

/** The tests of credentials are for a route whose responses nothing says are public. */
function rewriteUrl({ url, headers }) {
  return headers['test-id']?.startsWith('other-authorization') ? `/unscoped${url}` : url;
}

/** Lets the suite's origin answer through Fastify's reply. */
function answer(reply) {
  const request = requests.getStore();
  const path = new URL(request.url, 'http://origin').pathname.split('/').slice(2);
  return new Promise((resolve, reject) => {
    answerAsOrigin(path, request, new OriginResponse(reply, resolve, reject));
  });
}

/** As much of Node's response as the suite's origin uses. */
class OriginResponse {
  statusCode = 200;
  headers = {};
  /** The origin closes the connection: the handler fails. */
  socket = { destroy: () => this.reject(new Error('The origin has closed the connection.')) };

  constructor(reply, resolve, reject) {
    Object.assign(this, { reply, resolve, reject });
  }

  setHeader(name, value) {
    this.headers[name.toLowerCase()] = Array.isArray(value) ? value.map(String) : String(value);
  }

  getHeader(name) {
    return this.headers[name.toLowerCase()];
  }

  hasHeader(name) {
    return this.getHeader(name) !== undefined;
  }

  getHeaders() {
    return this.headers;
  }

  writeHead(status, headers = {}) {
    this.statusCode = status;
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
  }

  write() {}

  writeProcessing() {
    this.reply.raw.writeProcessing();
  }

  writeEarlyHints(hints) {
    this.reply.raw.writeEarlyHints(hints);
  }

  end(body) {
    // A status that the suite uses for "not as expected"; Fastify refuses it.
    this.reply.code(this.statusCode > 599 ? 500 : this.statusCode).headers(this.headers);
    // As a client reads it.
    this.resolve(body?.slice(0, Number(this.headers['content-length'] ?? body.length)));
  }
}

function decorate(type, name, ...decorators) {
  Req()(type.prototype, name, 0);
  Res({ passthrough: true })(type.prototype, name, 1);
  for (const each of decorators) each(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
}
