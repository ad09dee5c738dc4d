import { z } from 'zod';
import { type ConfigOf, defineConfig } from '../config/define-config.js';

/** What is logged, and how. */
export const loggingConfig = defineConfig('logging', {
  level: {
    env: 'LOG_LEVEL',
    doc: 'Least severe level that is logged: trace, debug, info, warn, error, fatal or silent. Default info.',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  },
  format: {
    env: 'LOG_FORMAT',
    doc: 'How lines look: json, pretty, or auto, which is pretty on a terminal, json elsewhere. Default auto.',
    schema: z.enum(['auto', 'json', 'pretty']).default('auto'),
  },
  requests: {
    env: 'LOG_REQUESTS',
    doc: 'Requests that get a line: all, errors (status 500 and up) or none. Probes and metrics never do. Default all.',
    schema: z.enum(['all', 'errors', 'none']).default('all'),
  },
});

/** Parsed values of {@link loggingConfig}. */
export type LoggingConfig = ConfigOf<typeof loggingConfig>;
