import { type Logger, pino } from 'pino';
import type { LoggingConfig } from './logging.config.js';
import { describeError } from './describe-error.js';

/** Fields that are removed from logged objects, at any depth. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-goog-api-key',
  'apiKey',
  'token',
  'password',
  'body',
  'url',
];

/** Creates the log of the process on standard output: one JSON object per line, or readable text on a terminal. */
export async function createPino(config: LoggingConfig, isTerminal = process.stdout.isTTY): Promise<Logger> {
  const isPretty = config.format === 'pretty' || (config.format === 'auto' && isTerminal);
  const options = {
    level: config.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    redact: {
      paths: SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
      censor: '[redacted]',
    },
  };
  if (!isPretty) return pino(options);
  const { default: pretty } = await import('pino-pretty');
  const layout = { translateTime: 'SYS:HH:MM:ss', ignore: 'context,requestId', messageFormat: '{context}  {msg}' };
  return pino(options, pretty({ sync: true, ...layout }));
}
