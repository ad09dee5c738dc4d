import { ForbiddenException, HttpException, Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { systemClock } from '../../clock.js';
import { FailureThrottle } from './failure-throttle.js';
import { isLocalCaller } from './local-caller.js';
import { bearerToken, isSameSecret } from './secret-text.js';

/** Checks that a caller is an operator: it has the token or, without a configured token, is on this machine. */
@Injectable()
export class OperatorAccess {
  private readonly failures = new FailureThrottle(systemClock);

  /**
   * @param variable name of the token in the environment, for errors.
   * @throws UnauthorizedException for a wrong or missing token; ForbiddenException for a caller on another machine when no
   *   token is configured; 429 after ten failures a minute.
   */
  check(request: FastifyRequest, token: string | undefined, variable: string): void {
    if (token === undefined) {
      if (isLocalCaller(request)) return;
      throw new ForbiddenException(
        `${variable} is not set, so only callers on the machine of the service are answered.`,
      );
    }
    const waitSeconds = this.failures.retryAfterSeconds(request.ip);
    if (waitSeconds > 0) throw new HttpException(`Too many failures. Try again in ${waitSeconds} s.`, 429);
    if (isSameSecret(bearerToken(request.headers.authorization) ?? '', token)) return;
    this.failures.recordFailure(request.ip);
    throw new UnauthorizedException(`This request needs the token of ${variable}: \`Authorization: Bearer <token>\`.`);
  }
}
