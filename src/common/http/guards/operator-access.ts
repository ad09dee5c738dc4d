import { ForbiddenException, HttpException, Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { systemClock } from '../../clock.js';
import { FailureThrottle } from './failure-throttle.js';
import { isLocalCaller } from './local-caller.js';
import { bearerToken, isSameSecret } from './secret-text.js';

/** Decides who is an operator: who has the token, or, where none is configured, whoever is on this machine. */
@Injectable()
export class OperatorAccess {
  private readonly failures = new FailureThrottle(systemClock);

  /**
   * @param variable names the token in the environment, for the error.
   * @throws UnauthorizedException without the right token, ForbiddenException from elsewhere, 429 after ten failures a minute.
   */
  check(request: FastifyRequest, token: string | undefined, variable: string): void {
    if (token === undefined) {
      if (isLocalCaller(request)) return;
      throw new ForbiddenException(`${variable} is not set, so this answers callers on its own machine only.`);
    }
    const waitSeconds = this.failures.retryAfterSeconds(request.ip);
    if (waitSeconds > 0) throw new HttpException(`Too many failures. Try again in ${waitSeconds} s.`, 429);
    if (isSameSecret(bearerToken(request.headers.authorization) ?? '', token)) return;
    this.failures.recordFailure(request.ip);
    throw new UnauthorizedException(`This takes the token of ${variable}: \`Authorization: Bearer <token>\`.`);
  }
}
