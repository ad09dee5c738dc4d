const MARK = '://';
/** What ends a URL in a text. */
const URL_END = /[\s"'`<>]/g;
/** What ends the host of a URL. */
const AUTHORITY_END = /[/?#]/;
/** Schemes whose paths may have an `@` that is no end of a password: URLs of modules and packages. */
const WEB_SCHEME = /(?:^|[^a-z0-9+.-])(?:https?|wss?)$/i;
/** Longest scheme that is looked for. */
const MAX_SCHEME = 12;

/**
 * Masks the user and password of every URL in a text, in a time that grows with its length.
 *
 * A password may have a raw `@` or `/`, though a URL should not. So all before the last `@` of a URL is masked, also where that
 * hides more. Of web addresses only the host is looked at, unless a password with a `/` may be in it: their paths have an `@`
 * more often than a password (`/node_modules/@scope`). A URL without a host (`file:///`) has no password.
 */
export function withoutCredentials(text: string): string {
  let masked = '';
  let done = 0;
  for (let mark = text.indexOf(MARK); mark >= 0; mark = text.indexOf(MARK, done)) {
    const start = mark + MARK.length;
    const end = endOfUrl(text, start);
    const url = text.slice(start, end);
    const at = endOfCredentials(url, text.slice(Math.max(0, mark - MAX_SCHEME), mark));
    masked += text.slice(done, start) + (at < 0 ? url : `***${url.slice(at)}`);
    done = end;
  }
  return masked + text.slice(done);
}

function endOfUrl(text: string, start: number): number {
  URL_END.lastIndex = start;
  return URL_END.exec(text)?.index ?? text.length;
}

/** Position of the `@` after user and password; -1 where there are none. */
function endOfCredentials(url: string, scheme: string): number {
  const last = url.lastIndexOf('@');
  if (last < 0 || url.startsWith('/')) return -1;
  if (!WEB_SCHEME.test(scheme)) return last;
  const hostEnd = url.search(AUTHORITY_END);
  const host = hostEnd < 0 ? url : url.slice(0, hostEnd);
  // After a host only a port can follow a colon; other text there begins a password.
  if (host.includes('@') || /:(?!\d*$)/.test(host.replace(/^\[[^\]]*\]/, ''))) return last;
  return -1;
}
