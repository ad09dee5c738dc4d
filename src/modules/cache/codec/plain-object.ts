/**
 * Whether an object is made of properties and nothing else: a literal, what JSON.parse gives, or one without prototype.
 * Knows those of other realms (worker contexts, test environments) by their prototype having none itself.
 */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
