/**
 * How values that JSON has no words for are written in JSON: as an object with this key, whose value names the type, and
 * `v`, what the value is made from. An object of the user's that has this key is itself written as type `object`.
 */
export const ESCAPE_KEY = '~';

/** Values nested deeper than this are refused: they would overflow the stack of code that walks them. */
export const MAX_DEPTH = 512;

/** Levels of JSON a level of a value can take at most: a Map is an object of an array of pairs. */
export const JSON_LEVELS_PER_LEVEL = 3;

/** An escaped value by its type. Stored in Redis: add, never change. */
export type Escaped =
  | { '~': 'undefined' }
  | { '~': 'number'; v: 'NaN' | 'Infinity' | '-Infinity' | '-0' }
  /** Sign and hexadecimal digits: linear to parse, unlike decimals. */
  | { '~': 'bigint'; v: string }
  /** Milliseconds since the epoch; null for an invalid date. */
  | { '~': 'date'; v: number | null }
  | { '~': 'map'; v: [unknown, unknown][] }
  | { '~': 'set'; v: unknown[] }
  /** An object that has the escape key itself. */
  | { '~': 'object'; v: [string, unknown][] }
  /** An object without prototype. */
  | { '~': 'dictionary'; v: [string, unknown][] }
  /** An array and the indexes of its holes. */
  | { '~': 'sparse'; v: [unknown[], number[]] }
  | { '~': 'regexp'; v: [source: string, flags: string] }
  | { '~': 'url'; v: string }
  /** The built-in class, and the error's properties. */
  | { '~': 'error'; v: [type: string, properties: unknown] }
  /** The name of a registered class (see `class-serializers.ts`), and the data of the instance. */
  | { '~': 'instance'; v: [name: string, data: unknown] }
  /** Kind (see `binary-kinds.ts`) and base64. */
  | { '~': 'binary'; v: [number, string] };
