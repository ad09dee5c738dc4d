import type { FastifyReply } from 'fastify';

const replies = new WeakSet<FastifyReply>();

/** Notes that a reply is marked `no-store` because it is an error, not because its handler said so. */
export function implyNoStore(reply: FastifyReply): void {
  replies.add(reply);
}

/** Whether a reply is marked `no-store` only because it is an error. */
export function hasImpliedNoStore(reply: FastifyReply): boolean {
  return replies.has(reply);
}
