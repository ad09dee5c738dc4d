import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ProblemException } from '../problems/problem.exception.js';
import { readPass } from './browser-pass.js';
import { bearerToken, isSameSecret } from './secret-text.js';
import { ServiceToken } from './service-token.js';
import { WrongSecrets } from './wrong-secrets.js';

/** What a token opens. */
export interface Door {
  /** Name in the counts of wrong tokens. */
  readonly name: string;
  /** Variable of its token, for errors. */
  readonly variable: string;
  /** Its own token; `undefined` for the token of the service. */
  readonly token: string | undefined;
  /** Whether a browser that has signed in (`POST /admin/sign-in`) passes too. Default false. */
  readonly isOpenToBrowsers?: boolean;
}

/** Checks that a caller has the token of a door. A right token always opens; wrong ones are counted. */
@Injectable()
export class OperatorAccess {
  constructor(
    private readonly serviceToken: ServiceToken,
    private readonly wrongSecrets: WrongSecrets,
  ) {}

  /** The token of the door. */
  tokenOf({ token }: Door): string {
    return token ?? this.serviceToken.value;
  }

  /** Whether the request has the right token. Counts a wrong one. */
  isOpen(request: FastifyRequest, door: Door): boolean {
    return this.tryOpen(request, door) === 'open';
  }

  /** @throws UnauthorizedException for a wrong or missing token; ProblemException 429 after ten wrong ones in a minute. */
  check(request: FastifyRequest, door: Door): void {
    const outcome = this.tryOpen(request, door);
    if (outcome === 'open') return;
    if (outcome > 0) {
      const detail = `Too many wrong tokens. Try again in ${outcome} s, or send the right one.`;
      throw new ProblemException(429, { detail }, { 'retry-after': String(outcome) });
    }
    throw new UnauthorizedException(
      door.token === undefined
        ? `This request needs the token of the service: \`Authorization: Bearer <token>\`. It is LARDER_TOKEN, or the token in the file that the start names. ${door.variable} sets another for this door.`
        : `This request needs the token of ${door.variable}: \`Authorization: Bearer <token>\`.`,
    );
  }

  /** `open`, or the seconds to wait. A request without a token guesses nothing, so it is not counted. */
  private tryOpen(request: FastifyRequest, door: Door): 'open' | number {
    const token = this.tokenOf(door);
    const given = bearerToken(request.headers.authorization);
    if (given !== undefined && isSameSecret(given, token)) return 'open';
    if (door.isOpenToBrowsers && readPass(request, token)) return 'open';
    return given === undefined ? 0 : this.wrongSecrets.count(door.name, request.ip);
  }
}
