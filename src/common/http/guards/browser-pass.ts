import { createHmac } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isSameSecret } from './secret-text.js';

/** How long a browser stays signed in. */
const VALID_S = 12 * 3_600;

/**
 * The cookie of a browser that has shown the operator's token: until when it is valid, signed with the token. It is no token: it
 * ends by itself, and it ends when the token changes. Its name has the port, because cookies do not tell ports apart.
 */
export function passCookie(request: FastifyRequest, token: string, isTls: boolean): string {
  const until = String(Math.floor(Date.now() / 1_000) + VALID_S);
  const attributes = ['Path=/', `Max-Age=${VALID_S}`, 'HttpOnly', 'SameSite=Strict', ...(isTls ? ['Secure'] : [])];
  return [`${nameFor(request)}=${until}.${sign(until, token)}`, ...attributes].join('; ');
}

/** Whether the request has a valid cookie of {@link passCookie}, made with this token. */
export function readPass(request: FastifyRequest, token: string): boolean {
  const name = nameFor(request);
  const values = (request.headers.cookie ?? '').split(/;[ \t]*/).flatMap((pair) => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at) === name ? [pair.slice(at + 1)] : [];
  });
  // The name twice: a page of another host below this one may have set the first.
  if (values.length !== 1) return false;
  const [until = '', signature = ''] = values[0]!.split('.');
  if (!/^\d{1,12}$/.test(until) || !isSameSecret(signature, sign(until, token))) return false;
  return Number(until) * 1_000 > Date.now();
}

function nameFor({ headers }: FastifyRequest): string {
  const port = /:(\d+)$/.exec(headers.host ?? '')?.[1];
  return port === undefined ? 'larder-operator' : `larder-operator-${port}`;
}

function sign(until: string, token: string): string {
  return createHmac('sha256', token).update(`larder operator until ${until}`).digest('base64url');
}
