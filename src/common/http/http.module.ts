import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { AdminGuard } from './admin.guard.js';
import { ErrorDialects } from './error-dialects.js';
import { OperatorAccess } from './operator-access.js';
import { ProblemFilter } from './problem.filter.js';
import { RequestDrain } from './request-drain.js';
import { ValidationPipe } from './validation.pipe.js';

/** What every HTTP route of the service shares: validation, errors, the orderly end. */
@Global()
@Module({
  providers: [
    AdminGuard,
    ErrorDialects,
    OperatorAccess,
    RequestDrain,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useClass: ValidationPipe },
  ],
  exports: [AdminGuard, ErrorDialects, OperatorAccess, RequestDrain],
})
export class HttpModule {}
