/** Joins header values that list names: each name once, in lower case. */
export function joinNames(lists: readonly string[]): string {
  const names = lists.join(',').split(',');
  return [...new Set(names.map((name) => name.trim().toLowerCase()))].filter((name) => name !== '').join(', ');
}
