interface ServedPattern {
  readonly matcher: RegExp;
  readonly methods: Set<string>;
}

/** A piece of a route's pattern: an escaped colon, a parameter with its own pattern, anything, or text. */
const PIECES = /::|:\w+(?<own>\([^)]*\))?|\*|[^:*]+/g;

/** The routes of a server by their patterns, to tell which methods a path has. */
export class ServedRoutes {
  private readonly patterns = new Map<string, ServedPattern>();

  add(url: string, methods: string | readonly string[]): void {
    const pattern = this.patterns.get(url) ?? { matcher: matcherOf(url), methods: new Set<string>() };
    for (const method of [methods].flat()) pattern.methods.add(method.toUpperCase());
    this.patterns.set(url, pattern);
  }

  /** Methods of the routes that a path leads to, in alphabetical order. */
  methodsOf(path: string): string[] {
    const methods = new Set<string>();
    for (const pattern of this.patterns.values())
      if (pattern.matcher.test(path)) for (const method of pattern.methods) methods.add(method);
    return [...methods].toSorted();
  }
}

function matcherOf(url: string): RegExp {
  const source = url.replace(PIECES, (piece, own?: string) => {
    if (piece === '::') return ':';
    if (piece === '*') return '.*';
    // A colon in a path begins an action of its own (`models/m:embed`), which the path without it does not have.
    if (piece.startsWith(':')) return own?.replace('(^', '(') ?? '[^/:]+?';
    return piece.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${source}$`);
}
