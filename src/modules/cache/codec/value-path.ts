import { MAX_DEPTH } from './escaped.types.js';
import { UnstorableValueError } from './unstorable-value.error.js';

/** A step of a walk that the path does not show. */
export const HIDDEN_STEP = '';

/** Where a walk over a value is now: the keys from the root, and the objects they lead through. */
export class ValuePath {
  #depth = 0;
  /** Keys and objects from the root down to here; entries at `#depth` and above are left over from earlier branches. */
  readonly #keys: (string | number)[] = [];
  readonly #ancestors: object[] = [];

  /** @throws UnstorableValueError for a cycle, and for what is nested deeper than {@link MAX_DEPTH}. */
  enter(object: object): void {
    if (this.#depth === MAX_DEPTH)
      this.refuse(this.#ancestors.includes(object) ? 'a cycle' : `a value nested deeper than ${MAX_DEPTH} levels`);
    this.#ancestors[this.#depth++] = object;
  }

  leave(): void {
    this.#depth--;
  }

  /** The walk looks at this property of the object it is in. */
  at(key: string | number): void {
    this.#keys[this.#depth - 1] = key;
  }

  /** The key of the object that the walk is in, as `toJSON` is told; empty at the root. */
  get ownKey(): string {
    return String(this.#keys[this.#depth - 2] ?? '');
  }

  /** @throws UnstorableValueError always. */
  refuse(what: string, cause?: unknown): never {
    throw new UnstorableValueError(what, this.#text(), cause === undefined ? undefined : { cause });
  }

  #text(): string {
    const steps = this.#keys.slice(0, this.#depth);
    return `value${steps.map((key) => (typeof key === 'number' ? `[${key}]` : key === HIDDEN_STEP ? '' : `.${key}`)).join('')}`;
  }
}
