import { boundedStableKey } from '../../../common/stable-key.js';
import type { RequestTarget } from './request-target.js';

/** The tag of every response to a URL path, whatever its query: an unsafe request invalidates it (RFC 9111 4.4). */
export function pathTag({ url }: Pick<RequestTarget, 'url'>): string {
  const at = url.indexOf('?');
  return `http-path:${boundedStableKey(at < 0 ? url : url.slice(0, at))}`;
}
