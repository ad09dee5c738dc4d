import type { Socket } from 'node:net';

/** How often a socket is looked at within its timeout. */
const LOOKS = 4;

/** Commands that were sent and not answered yet, in order. */
interface Unanswered {
  peekFront(): unknown;
}

/**
 * Destroys a socket on which nothing came for `timeoutMs` while a command waited for its answer: the other side may be
 * gone without a word. Counts looks rather than time, so that a process that was stopped itself blames nobody.
 */
export function replaceWhenSilent(socket: Socket, unanswered: Unanswered, timeoutMs: number): void {
  let heardBytes = 0;
  let waiting: unknown;
  let silentLooks = 0;
  const look = () => {
    const first = unanswered.peekFront();
    const isSilent = first !== undefined && first === waiting && socket.bytesRead === heardBytes;
    silentLooks = isSilent ? silentLooks + 1 : 0;
    waiting = first;
    heardBytes = socket.bytesRead;
    if (silentLooks >= LOOKS) socket.destroy(new Error(`Nothing came from Redis for ${timeoutMs} ms`));
  };
  const timer = setInterval(look, timeoutMs / LOOKS).unref();
  socket.once('close', () => clearInterval(timer));
}
