import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields of every log line of a request. */
export interface RequestContext {
  readonly requestId: string;
}

/** The context of the current request; empty outside of a request. */
export const requestContext = new AsyncLocalStorage<RequestContext>();
