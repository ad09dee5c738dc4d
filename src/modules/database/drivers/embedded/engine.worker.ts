import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
// By its own extension: this file also runs as it is, where tests run sources.
import type { EngineEvent, EngineOptions, EngineRequest } from './engine.types.js';

/**
 * PGlite in a thread of its own, so that it can be ended at any moment. Speaks PostgreSQL's wire protocol with one
 * client at a time: bytes in, bytes out.
 */

const READY_FOR_QUERY = 0x5a;
const ERROR_RESPONSE = 0x45;
const QUERY = 0x51;
const TERMINATE = 0x58;
const IDLE = 0x49;

const port = parentPort!;
const options = workerData as EngineOptions;
const say = (event: EngineEvent) => port.postMessage(event);

let isReadOnly = options.isReadOnly;
let isReadOnlyApplied = false;
/** Reply to the first start-up message; the same for every client. */
let greeting: Uint8Array | undefined;
let client = 0;
let hasGreeted = false;
let isOutsideTransaction = true;
let unread: Buffer = Buffer.alloc(0);

const engine = await start();
if (engine) {
  let work = Promise.resolve();
  port.on('message', (request: EngineRequest) => {
    work = work
      .then(() => serve(engine, request))
      .catch((error: unknown) => say({ type: 'broken', reason: reasonOf(error) }));
  });
}

async function start(): Promise<PGlite | undefined> {
  try {
    const pglite = await PGlite.create(options.dir, { extensions: { vector } });
    say({ type: 'ready' });
    return pglite;
  } catch (error) {
    say({ type: 'broken', reason: reasonOf(error) });
    return undefined;
  }
}

async function serve(pglite: PGlite, request: EngineRequest): Promise<void> {
  switch (request.type) {
    case 'open':
      return open(pglite, request.client);
    case 'data':
      return request.client === client ? receive(pglite, Buffer.from(request.bytes)) : undefined;
    case 'readOnly':
      isReadOnly = request.isReadOnly;
      return;
    case 'close':
      await pglite.close();
      say({ type: 'closed' });
  }
}

/** Removes the state of the client before: its transaction, its settings. */
async function open(pglite: PGlite, id: number): Promise<void> {
  client = id;
  hasGreeted = false;
  unread = Buffer.alloc(0);
  isOutsideTransaction = true;
  await pglite.execProtocolRaw(queryMessage('rollback'));
  await pglite.execProtocolRaw(queryMessage('discard all'));
  isReadOnlyApplied = false;
}

async function receive(pglite: PGlite, bytes: Buffer): Promise<void> {
  unread = unread.length === 0 ? bytes : Buffer.concat([unread, bytes]);
  const replies: Uint8Array[] = [];
  for (let message = nextMessage(); message; message = nextMessage()) {
    if (!hasGreeted) {
      hasGreeted = true;
      // A copy: PGlite's answer is a view of a buffer that it uses again.
      greeting ??= Buffer.from(await pglite.execProtocolRaw(message));
      replies.push(greeting);
    } else if (message[0] !== TERMINATE) replies.push(await execute(pglite, message));
  }
  const reply = Buffer.concat(replies);
  if (reply.length > 0) say({ type: 'data', client, bytes: reply });
}

/** The first whole message of the received bytes. A start-up message has no letter before its length. */
function nextMessage(): Buffer | undefined {
  const lengthAt = hasGreeted ? 1 : 0;
  if (unread.length < lengthAt + 4) return undefined;
  const end = lengthAt + unread.readUInt32BE(lengthAt);
  if (unread.length < end) return undefined;
  const message = unread.subarray(0, end);
  unread = unread.subarray(end);
  return message;
}

async function execute(pglite: PGlite, message: Uint8Array): Promise<Uint8Array> {
  if (isOutsideTransaction && isReadOnly !== isReadOnlyApplied) {
    isReadOnlyApplied = isReadOnly;
    await pglite.execProtocolRaw(queryMessage(`set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`));
  }
  const reply = Buffer.from(await pglite.execProtocolRaw(message));
  for (const [letter, body] of messagesIn(reply)) {
    if (letter === READY_FOR_QUERY) isOutsideTransaction = body[0] === IDLE;
    // After a PANIC the next statement would spin for ever.
    if (letter === ERROR_RESPONSE && /\0V(PANIC|FATAL)\0/.test(body.toString('latin1'))) {
      say({ type: 'data', client, bytes: reply });
      throw new Error(/\0C(\w{5})\0/.exec(body.toString('latin1'))?.[1] ?? 'PANIC');
    }
  }
  return reply;
}

function* messagesIn(reply: Buffer): Generator<[letter: number, body: Buffer]> {
  for (let at = 0; at + 5 <= reply.length;) {
    const end = at + 1 + reply.readUInt32BE(at + 1);
    yield [reply[at]!, reply.subarray(at + 5, end)];
    at = end;
  }
}

function queryMessage(text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  const header = Buffer.alloc(5);
  header[0] = QUERY;
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
