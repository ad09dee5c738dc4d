import { HttpException } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { renderProblem } from '../problems/problem.filter.js';
import { requestIdOf } from './request-id.js';

/** Answers requests that the router itself refuses, such as a malformed URL: they reach neither a hook nor a filter. */
export function answerFrameworkError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const { status, headers, body } = renderProblem(error, request);
  void reply
    .status(status)
    .headers({ ...headers, 'x-request-id': request.id })
    .send(body);
}

/** Statuses of bytes that Node can not read as a request. */
const STATUSES: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};
const DETAILS: Readonly<Record<number, string>> = {
  400: 'This is no HTTP/1.1 request.',
  408: 'The request took too long.',
  413: 'A chunk extension is too long.',
  431: 'The headers are too large.',
};

/** Answers bytes that are no request, and closes the connection: where the next request begins is unknown. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = STATUSES[error.code ?? ''] ?? 400;
  const id = requestIdOf({ headers: {} });
  const problem = renderProblem(new HttpException(DETAILS[status]!, status), { id });
  const body = String(problem.body);
  const lines = Object.entries({
    ...problem.headers,
    'x-request-id': id,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}

/** Answers an `Expect` other than `100-continue`, which Node would refuse with a bare 417. */
export function answerExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const id = requestIdOf(request);
    const problem = renderProblem(new HttpException('Only 100-continue can be expected.', 417), { id });
    response.writeHead(417, { ...problem.headers, 'x-request-id': id }).end(problem.body);
  });
}
