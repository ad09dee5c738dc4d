import { z } from 'zod';
import { type ConfigOf, defineConfig } from '../config/define-config.js';

/** Level and format of the log. */
export const loggingConfig = defineConfig('logging', {
  level: {
    env: 'LOG_LEVEL',
    doc: 'Lowest level that is logged: trace, debug, info, warn, error, fatal or silent. Default info.',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  },
  format: {
    env: 'LOG_FORMAT',
    doc: 'Format of lines: json, pretty, or auto (pretty on a terminal, json elsewhere). Default auto.',
    schema: z.enum(['auto', 'json', 'pretty']).default('auto'),
  },
  requests: {
    env: 'LOG_REQUESTS',
    doc: 'Requests that are logged: all, errors (status 500 and up) or none. Probes and metrics are never logged. Default all.',
    schema: z.enum(['all', 'errors', 'none']).default('all'),
  },
});

/** Parsed values of {@link loggingConfig}. */
export type LoggingConfig = ConfigOf<typeof loggingConfig>;
