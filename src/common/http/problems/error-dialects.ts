import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/**
 * How errors look to clients of a foreign protocol. Needed beside a controller's own filter for what fails before any
 * controller is reached: a body that is too large, broken JSON, an unknown path.
 */
export interface ErrorDialect {
  /** Errors of every path that starts with this are rendered by it, as `/v1/`. */
  readonly pathPrefix: string;
  render(error: unknown, request: FastifyRequest): ErrorReply;
}

/** An error response. */
export interface ErrorReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The dialects of this app; a module that serves one registers it when it is constructed. */
@Injectable()
export class ErrorDialects {
  private readonly dialects: ErrorDialect[] = [];

  register(dialect: ErrorDialect): void {
    this.dialects.push(dialect);
  }

  find(url: string): ErrorDialect | undefined {
    return this.dialects.find(({ pathPrefix }) => url.startsWith(pathPrefix));
  }
}
