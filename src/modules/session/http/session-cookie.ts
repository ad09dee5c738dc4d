import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type SessionConfig, sessionConfig } from '../session.config.js';
import type { IssuedSession } from '../session.types.js';

/**
 * The cookie that carries a session token: `__Host-sid; Path=/; HttpOnly; Secure; SameSite=Lax`. The `__Host-` prefix makes
 * browsers refuse it from another host, a subdomain or plain HTTP (RFC 6265bis 4.1.3.2). Browsers treat `localhost` as
 * secure; `SESSION_COOKIE_SECURE=false` gives a cookie called `sid` without these guarantees, for plain HTTP elsewhere.
 */
@Injectable()
export class SessionCookie {
  readonly name: string;
  private readonly attributes: string;

  constructor(@Inject(sessionConfig.KEY) { isCookieSecure }: SessionConfig) {
    this.name = isCookieSecure ? '__Host-sid' : 'sid';
    this.attributes = `Path=/; HttpOnly; SameSite=Lax${isCookieSecure ? '; Secure' : ''}`;
  }

  /** The token in a `Cookie` header. If the cookie occurs twice, the first one counts. */
  read(header: string | undefined): string | undefined {
    const start = `${this.name}=`;
    const pair = header?.split(';').find((part) => part.trimStart().startsWith(start));
    return pair?.trim().slice(start.length);
  }

  /** Sends the token to the client, valid until the session's absolute end. */
  set(reply: FastifyReply, { token, session }: IssuedSession): void {
    const maxAgeS = Math.ceil((session.absoluteExpiresAtMs - session.lastSeenAtMs) / 1_000);
    this.send(reply, `${token}; Max-Age=${maxAgeS}`);
  }

  /** Makes the client delete the cookie. */
  clear(reply: FastifyReply): void {
    this.send(reply, '; Max-Age=0');
  }

  private send(reply: FastifyReply, valueAndAge: string): void {
    void reply
      .header('set-cookie', `${this.name}=${valueAndAge}; ${this.attributes}`)
      .header('cache-control', 'no-store');
  }
}
