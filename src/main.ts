#!/usr/bin/env node
import { banner } from './banner.js';
import { ConfigError } from './common/config/define-config.js';
import { type HttpConfig, httpConfig } from './common/http/http.config.js';
import { surviveUnhandledRejections } from './common/unhandled-errors.js';
import { createApp } from './create-app.js';

/** EX_CONFIG of sysexits.h. A supervisor that supports it does not start the service again. */
const EXIT_CONFIG = 78;

try {
  // Files that the service makes are of its user alone: its token, its database, what it could not send yet.
  process.umask(0o077);
  surviveUnhandledRejections();
  const app = await createApp(process.env);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  const { host, port } = app.get<HttpConfig>(httpConfig.KEY);
  await app.listen(port, host);
  // On standard error, because standard output is the log.
  console.error(banner(app, await app.getUrl(), process.stderr.isTTY));
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1);
}
