import { DrizzleQueryError } from 'drizzle-orm/errors';
import { pino } from 'pino';
import { requestContext } from '../http/hooks/request-context.js';
import { describeError, summarizeError } from './describe-error.js';
import { PinoNestLogger } from './pino-nest.logger.js';

describe('PinoNestLogger', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = new PinoNestLogger(
    pino(
      { base: null, timestamp: false, serializers: { err: describeError } },
      { write: (line: string) => lines.push(JSON.parse(line)) },
    ),
  );
  const logged = (log: () => void) => {
    lines.length = 0;
    log();
    return lines[0];
  };

  it('puts text, fields and context where they belong', () => {
    expect(logged(() => logger.log('stored', { count: 2 }, 'Cache'))).toEqual({
      level: 30,
      context: 'Cache',
      count: 2,
      msg: 'stored',
    });
  });

  it("carries the request's id wherever its code runs", async () => {
    await requestContext.run({ requestId: 'r-1' }, async () => {
      await Promise.resolve();
      expect(logged(() => logger.warn('slow', 'Cache'))).toMatchObject({ requestId: 'r-1' });
    });
    expect(logged(() => logger.warn('slow', 'Cache'))).not.toHaveProperty('requestId');
  });

  it('logs the type and message of an error, and no field that a client library attached to it', () => {
    const error = Object.assign(
      new Error('connect ECONNREFUSED redis://user:hunter2@cache:6379', { cause: new TypeError('inner') }),
      {
        code: 'ECONNREFUSED',
        command: { name: 'set', args: ['session:1', 'hunter2'] },
      },
    );
    const line = logged(() => logger.error(error, 'Redis'));
    expect(line).toMatchObject({
      context: 'Redis',
      msg: 'connect ECONNREFUSED redis://***@cache:6379',
      err: { type: 'Error', code: 'ECONNREFUSED', cause: { type: 'TypeError', message: 'inner' } },
    });
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it('says that a query failed and why, never its text and parameters', () => {
    const error = new Error('Sessions can not be checked now', {
      cause: new DrizzleQueryError('update t set data = $1', ['hunter2'], new Error('Connection terminated')),
    });
    const line = logged(() => logger.error(error, 'Http'));
    expect(line).toMatchObject({
      err: { cause: { message: 'Failed query', cause: { message: 'Connection terminated' } } },
    });
    expect(JSON.stringify(line)).not.toContain('hunter2');
    expect(summarizeError(error)).toBe('Sessions can not be checked now: Failed query: Connection terminated');
  });

  it('masks every password in a text, and breaks no line', () => {
    const line = logged(() => logger.log('to postgres://a:b@c/d and rediss://:x@y\r\nforged', 'Test'));
    expect(line?.msg).toBe('to postgres://***@c/d and rediss://***@y\r\nforged');
    expect(JSON.stringify(line)).not.toMatch(/[\r\n]/);
  });

  it("keeps Nest's own start-up messages for debugging", () => {
    expect(logged(() => logger.log('CacheModule dependencies initialized', 'InstanceLoader'))).toBeUndefined();
  });
});
