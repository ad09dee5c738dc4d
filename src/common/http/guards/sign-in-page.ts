import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';

const SIGN_IN_PAGE = readFileSync(new URL('./sign-in.html', import.meta.url), 'utf8');

/** Whether the request is of a person's browser, which shows a page. */
export function acceptsPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && /\btext\/html\b/i.test(headers.accept ?? '');
}

/**
 * Answers 401 with the page that asks for the operator's token. A link with `#token=…` signs in by itself: browsers do not send
 * that part of an address, so the token is in no log.
 */
export function sendSignInPage(reply: FastifyReply): void {
  sendPage(reply.status(401), SIGN_IN_PAGE);
}

/** Sends a page of the service: its own script and style run, nothing from elsewhere does. `{{nonce}}` stands for the nonce. */
export function sendPage(reply: FastifyReply, page: string): void {
  const nonce = randomBytes(16).toString('base64url');
  void reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header(
      'content-security-policy',
      `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    .send(page.replaceAll('{{nonce}}', nonce));
}
