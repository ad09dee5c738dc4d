/** Names of functions; one that ends in `*` stands for all that begin so. */
export class FunctionNames {
  private readonly names = new Set<string>();
  private readonly beginnings: string[] = [];

  /** @param names an array, or one text with spaces between them. Case does not matter. */
  constructor(names: string | readonly string[]) {
    const list = typeof names === 'string' ? names.split(/\s+/) : names;
    for (const name of list.map((name) => name.toLowerCase())) {
      if (name.endsWith('*')) this.beginnings.push(name.slice(0, -1));
      else this.names.add(name);
    }
  }

  /** @param name in lower case. */
  has(name: string): boolean {
    return this.names.has(name) || this.beginnings.some((beginning) => name.startsWith(beginning));
  }
}
