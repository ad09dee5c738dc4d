/** A value, or something in it, that no tier can keep: a function, a socket, a promise, a cycle. */
export class UnstorableValueError extends TypeError {
  override readonly name = 'UnstorableValueError';

  /**
   * @param what the thing, as `a function`.
   * @param path where it is, as `value.user.roles[1]`. Keys of Maps appear as their position.
   */
  constructor(
    readonly what: string,
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`Can't cache ${what}, found at ${path}.`, options);
  }
}
