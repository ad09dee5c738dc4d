#!/usr/bin/env node
import { banner } from './banner.js';
import { ConfigError } from './common/config/define-config.js';
import { type HttpConfig, httpConfig } from './common/http/http.config.js';
import { createApp } from './create-app.js';

try {
  const app = await createApp(process.env);
  app.enableShutdownHooks();
  const { host, port } = app.get<HttpConfig>(httpConfig.KEY);
  await app.listen(port, host);
  console.info(banner(await app.getUrl()));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 78;
}
