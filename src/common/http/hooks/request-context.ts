import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of a request carries. */
export interface RequestContext {
  readonly requestId: string;
}

/** The request being served, wherever its code runs; empty outside of one. */
export const requestContext = new AsyncLocalStorage<RequestContext>();
