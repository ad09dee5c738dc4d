/** The values that were found, in the order of `keys`. */
export function inOrder<T>(keys: readonly string[], found: ReadonlyMap<string, T>): Map<string, T> {
  const ordered = new Map<string, T>();
  for (const key of keys) {
    const value = found.get(key);
    if (value !== undefined || found.has(key)) ordered.set(key, value as T);
  }
  return ordered;
}
