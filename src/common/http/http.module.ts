import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { AdminGuard } from './guards/admin.guard.js';
import { OperatorAccess } from './guards/operator-access.js';
import { type OperatorConfig, operatorConfig } from './guards/operator.config.js';
import { ServiceToken } from './guards/service-token.js';
import { WrongSecrets } from './guards/wrong-secrets.js';
import { RequestDrain } from './hooks/request-drain.js';
import { ErrorDialects } from './problems/error-dialects.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { ValidationPipe } from './problems/validation.pipe.js';

/** The parts that all HTTP routes share: validation, errors, guards of operators and the orderly shutdown. */
@Global()
@Module({
  providers: [
    AdminGuard,
    ErrorDialects,
    OperatorAccess,
    RequestDrain,
    {
      provide: ServiceToken,
      useFactory: (config: OperatorConfig) => ServiceToken.load(config),
      inject: [operatorConfig.KEY],
    },
    WrongSecrets,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useClass: ValidationPipe },
  ],
  exports: [AdminGuard, ErrorDialects, OperatorAccess, RequestDrain, ServiceToken, WrongSecrets],
})
export class HttpModule {}
