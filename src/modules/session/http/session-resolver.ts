import type { IncomingMessage } from 'node:http';
import { ForbiddenException, Inject, Injectable } from '@nestjs/common';
import { type HttpConfig, httpConfig } from '../../../common/http/http.config.js';
import { bearerToken } from '../../../common/http/guards/secret-text.js';
import type { SessionClient } from '../session.types.js';
import { SessionService } from '../session.service.js';
import { isCrossSite } from './cross-site.js';
import { attachedSession, attachSession, type RequestSession } from './request-session.js';
import { SessionCookie } from './session-cookie.js';

/** Finds the session of a request, once per request. */
@Injectable()
export class SessionResolver {
  constructor(
    private readonly sessions: SessionService,
    private readonly cookie: SessionCookie,
    @Inject(httpConfig.KEY) private readonly http: HttpConfig,
  ) {}

  /**
   * @param client from which the request came.
   * @returns the session of the bearer token, or else of the cookie; `undefined` when neither has a living session.
   *
   * @throws ForbiddenException when a page of another site made a state-changing request with the cookie.
   * @throws SessionUnavailableException when no store answers.
   */
  async resolve(request: IncomingMessage, client?: SessionClient): Promise<RequestSession | undefined> {
    const attached = attachedSession(request);
    if (attached) return attached;
    const bearer = bearerToken(request.headers.authorization);
    const session = (await this.open(bearer, 'bearer', client)) ?? (await this.openCookie(request, client));
    if (session) attachSession(request, session);
    return session;
  }

  private async openCookie(
    request: IncomingMessage,
    client: SessionClient | undefined,
  ): Promise<RequestSession | undefined> {
    const token = this.cookie.read(request.headers.cookie);
    if (token === undefined) return undefined;
    if (isCrossSite(request, this.http.trustedOrigins)) {
      throw new ForbiddenException(
        'The session cookie is not accepted in a request from another site (see HTTP_TRUSTED_ORIGINS).',
      );
    }
    return this.open(token, 'cookie', client);
  }

  private async open(
    token: string | undefined,
    via: RequestSession['via'],
    client: SessionClient | undefined,
  ): Promise<RequestSession | undefined> {
    const session = token === undefined ? undefined : await this.sessions.authenticate(token, client);
    return session && { session, via };
  }
}
