import { z } from 'zod';
import { booleanText, bytesText, durationText, listText } from '../config/config-schemas.js';
import { trustedProxiesText } from './trusted-proxies.js';
import { type ConfigOf, defineConfig } from '../config/define-config.js';

/** Address, limits and times of the HTTP server. */
export const httpConfig = defineConfig('http', {
  host: {
    env: 'HOST',
    doc: 'Address to listen on. Default 127.0.0.1 (this machine only); 0.0.0.0 for every network interface.',
    schema: z.string().default('127.0.0.1'),
  },
  port: {
    env: 'PORT',
    doc: 'TCP port to listen on; 0 means any free port. Default 3000.',
    schema: z.coerce.number().int().min(0).max(65_535).default(3000),
  },
  bodyLimitBytes: {
    env: 'HTTP_BODY_LIMIT',
    doc: 'Largest request body, for routes without their own limit. Default 1mb.',
    schema: bytesText().prefault('1mb'),
  },
  trustedProxies: {
    env: 'HTTP_TRUST_PROXY',
    doc: "Which proxies may name the caller's address in X-Forwarded-For: their number, where every request passes them (1), or their addresses (10.0.0.0/8, 192.0.2.7; also loopback, linklocal, uniquelocal). Default: none.",
    schema: trustedProxiesText().prefault(''),
  },
  isTls: {
    env: 'HTTP_BEHIND_TLS',
    doc: 'Clients reach the service over HTTPS: sends Strict-Transport-Security and upgrade-insecure-requests. Default false.',
    schema: booleanText().prefault('false'),
  },
  trustedOrigins: {
    env: 'HTTP_TRUSTED_ORIGINS',
    doc: 'Web origins (https://app.example.com, comma-separated) whose pages may send requests that change something. Default: only the origin of the service.',
    schema: listText().prefault(''),
  },
  docsAccess: {
    env: 'DOCS_ACCESS',
    doc: 'Access to the API documentation at /docs: token (that of /admin), public or off. Default token.',
    schema: z.enum(['token', 'public', 'off']).default('token'),
  },
  requestTimeoutMs: {
    env: 'HTTP_REQUEST_TIMEOUT',
    doc: 'Time for a client to send its whole request. Default 60s.',
    schema: durationText().prefault('60s'),
  },
  shutdownDelayMs: {
    env: 'SHUTDOWN_DELAY',
    doc: 'On SIGTERM, requests are accepted for this time while /health/ready answers 503, so that load balancers notice. Default 0s.',
    schema: durationText().prefault('0s'),
  },
  shutdownTimeoutMs: {
    env: 'SHUTDOWN_TIMEOUT',
    doc: 'On SIGTERM, the time for requests in flight to finish. Default 10s.',
    schema: durationText().prefault('10s'),
  },
});

/** Parsed values of {@link httpConfig}. */
export type HttpConfig = ConfigOf<typeof httpConfig>;
