import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/**
 * Renders errors for clients of a foreign protocol. A controller's filter is not enough, because some errors occur before any
 * controller is reached: a body that is too large, broken JSON, an unknown path.
 */
export interface ErrorDialect {
  /** The dialect renders the errors of all paths that begin with this, as `/v1/`. */
  readonly pathPrefix: string;
  render(error: unknown, request: FastifyRequest): ErrorReply;
}

/** An error response. */
export interface ErrorReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The dialects of this application. A module registers its dialect when it is constructed. */
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
