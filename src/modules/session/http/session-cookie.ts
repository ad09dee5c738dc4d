import { Inject, Injectable } from '@nestjs/common';
import { type SessionConfig, sessionConfig } from '../session.config.js';
import type { IssuedSession } from '../session.types.js';

/** A reply of Fastify or a response of Express. */
export type CookieReply =
  | { header(name: string, value: string): unknown }
  | { header(name: string, value: string): unknown; append(name: string, value: string): unknown };

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

  /**
   * The token in a `Cookie` header. A cookie that occurs twice opens nothing: one of the two may have been planted, and
   * servers and proxies disagree about which one counts.
   */
  read(header: string | undefined): string | undefined {
    const values = (header ?? '').split(';').flatMap((pair) => {
      const equals = pair.indexOf('=');
      const isOurs = equals > 0 && withoutBlanks(pair.slice(0, equals)) === this.name;
      return isOurs ? [withoutBlanks(pair.slice(equals + 1))] : [];
    });
    return values.length === 1 ? values[0] : undefined;
  }

  /** Sends the token to the client, valid until the session's absolute end. */
  set(reply: CookieReply, { token, session }: IssuedSession): void {
    const maxAgeS = Math.ceil((session.absoluteExpiresAtMs - session.lastSeenAtMs) / 1_000);
    this.send(reply, `${token}; Max-Age=${maxAgeS}`);
  }

  /** Makes the client delete the cookie. */
  clear(reply: CookieReply): void {
    this.send(reply, '; Max-Age=0');
  }

  private send(reply: CookieReply, valueAndAge: string): void {
    const cookie = `${this.name}=${valueAndAge}; ${this.attributes}`;
    // Fastify adds a second cookie; Express would replace the first.
    if ('append' in reply) reply.append('set-cookie', cookie);
    else reply.header('set-cookie', cookie);
    reply.header('cache-control', 'no-store');
  }
}

/** White space is space and tab (RFC 6265 5.2), and nothing else that `trim` removes: browsers protect the exact name. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start]!)) start++;
  while (start < end && isBlank(text[end - 1]!)) end--;
  return text.slice(start, end);
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}
