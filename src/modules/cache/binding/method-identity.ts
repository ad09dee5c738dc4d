/** A method and its class; for an inherited method the concrete class. Messages and keys name it `Class@method`. */
export interface MethodIdentity {
  readonly type: Function;
  readonly methodName: string | symbol;
}

export function nameOf({ type, methodName }: MethodIdentity): string {
  return `${classNameOf(type)}@${String(methodName)}`;
}

/** The names that Nest's `mixin()` gives: 21 random hexadecimal digits. */
const RANDOM_NAME = /^[\da-f]{21}$/;
const NAME_IN_SOURCE = /^class\s+(?!extends\b)([\p{ID_Start}$_][\p{ID_Continue}$]*)/u;

/**
 * The name of a class, the same in every process. For a class of `mixin()`, which renames it at random, its name in the
 * source; where it has none there, the random one.
 */
export function classNameOf(type: Function): string {
  if (!RANDOM_NAME.test(type.name)) return type.name;
  return NAME_IN_SOURCE.exec(Function.prototype.toString.call(type))?.[1] ?? type.name;
}

/** Whether the name of a class differs from process to process, so that no key may have it. */
export function hasRandomName(type: Function): boolean {
  return RANDOM_NAME.test(classNameOf(type));
}
