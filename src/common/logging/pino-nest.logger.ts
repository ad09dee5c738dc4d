import type { LoggerService } from '@nestjs/common';
import type { Level, Logger } from 'pino';
import { requestContext } from '../http/hooks/request-context.js';
import { withoutCredentials } from './without-credentials.js';

/** Contexts of Nest's messages about every module and route at the start. They are logged at level debug. */
const STARTUP_CONTEXTS = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
  'NestMicroservice',
]);

/**
 * Nest's `Logger` on pino. Unlike nestjs-pino's it exists once per application and adds no middleware to requests: the id of
 * a request comes from {@link requestContext}.
 *
 * The arguments are those of Nest's own logger: a text, an `Error` or fields, then a stack or more fields, then the context.
 */
export class PinoNestLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(STARTUP_CONTEXTS.has(rest.at(-1) as string) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
    const fields: Record<string, unknown> = { context, ...requestContext.getStore() };
    const texts: string[] = [];
    for (const part of [message, ...(context === undefined ? rest : rest.slice(0, -1))]) {
      if (part instanceof Error) fields.err = part;
      else if (isStack(part)) fields.stack = withoutCredentials(part);
      else if (typeof part === 'object' && part !== null) Object.assign(fields, part);
      // oxlint-disable-next-line typescript/no-base-to-string -- objects went into the fields above
      else if (part !== undefined) texts.push(withoutCredentials(String(part)));
    }
    if (texts.length === 0 && message instanceof Error) texts.push(withoutCredentials(message.message));
    this.pino[level](fields, texts.length > 0 ? texts.join(' ') : undefined);
  }
}

function isStack(part: unknown): part is string {
  return typeof part === 'string' && /\n\s+at /.test(part);
}
