/** Joins header values that list names: each name once, as it is written first. */
export function joinNames(lists: readonly string[]): string {
  const names = new Map<string, string>();
  for (const given of lists.join(',').split(',')) {
    const name = given.trim();
    if (name !== '' && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return [...names.values()].join(', ');
}
