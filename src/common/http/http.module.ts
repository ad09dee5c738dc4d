import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ErrorDialects } from './error-dialects.js';
import { ProblemFilter } from './problem.filter.js';
import { RequestDrain } from './request-drain.js';
import { ValidationPipe } from './validation.pipe.js';

/** What every HTTP route of the service shares: validation, errors, the orderly end. */
@Global()
@Module({
  providers: [
    ErrorDialects,
    RequestDrain,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useClass: ValidationPipe },
  ],
  exports: [ErrorDialects, RequestDrain],
})
export class HttpModule {}
