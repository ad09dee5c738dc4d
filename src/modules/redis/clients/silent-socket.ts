import type { Socket } from 'node:net';

/** Checks of a socket within its timeout. */
const CHECKS = 4;

/** The queue of commands without a reply yet. */
interface PendingCommands {
  peekFront(): unknown;
}

/**
 * Destroys a socket that received nothing for `timeoutMs` while a command waited for its reply: the server may be gone
 * without closing the connection. It counts checks instead of time, so that a pause of this process does not count.
 */
export function replaceWhenSilent(socket: Socket, queue: PendingCommands, timeoutMs: number): void {
  let heardBytes = 0;
  let firstPending: unknown;
  let silentChecks = 0;
  const check = () => {
    const first = queue.peekFront();
    const isSilent = first !== undefined && first === firstPending && socket.bytesRead === heardBytes;
    silentChecks = isSilent ? silentChecks + 1 : 0;
    firstPending = first;
    heardBytes = socket.bytesRead;
    if (silentChecks >= CHECKS) socket.destroy(new Error(`Redis sent nothing for ${timeoutMs} ms`));
  };
  const timer = setInterval(check, timeoutMs / CHECKS).unref();
  socket.once('close', () => clearInterval(timer));
}
