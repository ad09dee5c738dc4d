import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { pino } from 'pino';
import { describeError } from '../../../src/common/logging/describe-error.js';
import { PinoNestLogger } from '../../../src/common/logging/pino-nest.logger.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';

@Controller('fails')
class FailingController {
  @Get('expected')
  expected(): never {
    throw new ServiceUnavailableException('The upstream is away.', { cause: new Error('ECONNREFUSED') });
  }

  @Get('unexpected')
  unexpected(): never {
    throw new TypeError('nobody thought of this');
  }

  @Get('callers-fault')
  callersFault(): never {
    throw Object.assign(new Error('too much'), { statusCode: 413 });
  }
}

describe('the log of failed requests', () => {
  const lines: Record<string, unknown>[] = [];
  let app: CacheApp;
  beforeAll(async () => {
    app = await startCacheApp({ controllers: [FailingController] });
    const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
    app.nest.useLogger(
      new PinoNestLogger(pino({ base: null, timestamp: false, serializers: { err: describeError } }, { write })),
    );
  });
  afterAll(() => app.close());
  beforeEach(() => {
    lines.length = 0;
  });

  it('has one line and no stack for an expected error, however often it happens', async () => {
    await app.http.get('/fails/expected').expect(503);
    expect(lines).toEqual([{ level: 40, context: 'Http', msg: '503 The upstream is away.: ECONNREFUSED' }]);
  });

  it('has the stack of an unexpected error', async () => {
    await app.http.get('/fails/unexpected').expect(500);
    expect(lines).toMatchObject([
      { level: 50, context: 'Http', err: { type: 'TypeError', stack: expect.stringContaining('at ') } },
    ]);
  });

  it('has no line for an error of the caller', async () => {
    await app.http.get('/fails/callers-fault').expect(413);
    expect(lines).toEqual([]);
  });
});
