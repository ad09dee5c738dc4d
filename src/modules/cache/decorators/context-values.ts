import { type Identifier, identifierText } from '../../../common/identifier.js';
import type { PlatformRequest } from '../http/principal.js';

/** A value that decides a result: `null` and `undefined` stand for none. Any other value that is no id is invalid. */
export type ContextValue = Identifier | null | undefined;

/**
 * Values that decide a response, by name: each is read from the request, or from the context in which the function is
 * called (an `AsyncLocalStorage`, nestjs-cls).
 *
 * @example
 * varyBy: { tenant: () => cls.get('tenant'), language: (request) => request.i18nLang }
 */
export type VaryBy = Readonly<Record<string, ContextReader>>;

/** Its parameter may have the type of the application's requests. */
export type ContextReader = { read(request: PlatformRequest): ContextValue }['read'];

/** Values that decide a result and are no arguments of the method, by name; see {@link VaryBy}. */
export type ContextKeys = Readonly<Record<string, () => ContextValue>>;

/** The values of one call, as text, by name; `null` for none. */
export type ContextTexts = Readonly<Record<string, string | null>>;

/** The text of every value; `undefined` when one of them is invalid: the call then passes the cache. */
export function readContext<A extends readonly unknown[]>(
  functions: Readonly<Record<string, (...args: A) => unknown>>,
  ...args: A
): ContextTexts | undefined {
  const texts: [string, string | null][] = [];
  for (const [name, read] of Object.entries(functions)) {
    const value = read(...args);
    const text = value === null || value === undefined ? null : identifierText(value);
    if (text === undefined) return undefined;
    texts.push([name, text]);
  }
  return Object.fromEntries(texts);
}
