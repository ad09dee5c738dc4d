import { z } from 'zod';
import { booleanText, bytesText, durationText, listText } from '../config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../config/define-config.js';

/** Where the service listens and what it accepts. */
export const httpConfig = defineConfig('http', {
  host: {
    env: 'HOST',
    doc: 'Address to listen on. Default 127.0.0.1 (this machine only); 0.0.0.0 for every network interface.',
    schema: z.string().default('127.0.0.1'),
  },
  port: {
    env: 'PORT',
    doc: 'TCP port to listen on; 0 takes a free one. Default 3000.',
    schema: z.coerce.number().int().min(0).max(65_535).default(3000),
  },
  bodyLimitBytes: {
    env: 'HTTP_BODY_LIMIT',
    doc: 'Largest request body where a route sets no limit of its own. Default 1mb.',
    schema: bytesText().prefault('1mb'),
  },
  isProxyTrusted: {
    env: 'HTTP_TRUST_PROXY',
    doc: "Take the caller's address from X-Forwarded-For. Only behind a proxy that sets it. Default false.",
    schema: booleanText().prefault('false'),
  },
  isTls: {
    env: 'HTTP_BEHIND_TLS',
    doc: 'Clients reach the service over HTTPS: sends Strict-Transport-Security and upgrade-insecure-requests. Default false.',
    schema: booleanText().prefault('false'),
  },
  trustedOrigins: {
    env: 'HTTP_TRUSTED_ORIGINS',
    doc: 'Web origins (https://app.example.com, comma-separated) whose pages may send requests that change something. Default none but our own.',
    schema: listText().prefault(''),
  },
  docsAccess: {
    env: 'DOCS_ACCESS',
    doc: 'Who may read the API documentation at /docs: local (this machine), public or off. Default local.',
    schema: z.enum(['local', 'public', 'off']).default('local'),
  },
  requestTimeoutMs: {
    env: 'HTTP_REQUEST_TIMEOUT',
    doc: 'A client has this long to send its whole request. Default 60s.',
    schema: durationText().prefault('60s'),
  },
  shutdownDelayMs: {
    env: 'SHUTDOWN_DELAY',
    doc: 'On SIGTERM, go on accepting for this long while /health/ready answers 503, so that load balancers notice. Default 0s.',
    schema: durationText().prefault('0s'),
  },
  shutdownTimeoutMs: {
    env: 'SHUTDOWN_TIMEOUT',
    doc: 'On SIGTERM, requests in flight have this long to finish. Default 10s.',
    schema: durationText().prefault('10s'),
  },
});

/** Parsed values of {@link httpConfig}. */
export type HttpConfig = ConfigOf<typeof httpConfig>;
