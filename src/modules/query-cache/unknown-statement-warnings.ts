/** Names remembered as warned of. */
const MAX_NAMES = 100;

/** Says once, without the text of a statement, why queries are not cached and the cache is emptied. */
export class UnknownStatementWarnings {
  private hasWarnedOfStatement = false;
  private readonly names = new Set<string>();

  warnOfStatement(text: string): void {
    if (this.hasWarnedOfStatement) return;
    this.hasWarnedOfStatement = true;
    const verb = /^\s*([a-z]+)/i.exec(text)?.[1] ?? 'without a verb';
    warn(
      `A statement (${verb}) is not understood. It is not cached, and each time it runs it invalidates every cached query ` +
        'of its connection. Further ones are not reported.',
    );
  }

  warnOfFunctions(functions: readonly string[]): void {
    for (const name of functions) {
      if (this.names.has(name) || this.names.size >= MAX_NAMES) continue;
      this.names.add(name);
      warn(
        `The function ${name}() may read and change any table. A query that calls it is not cached, and each time it runs ` +
          'it invalidates every cached query of its connection. If it leaves all tables alone, name it in harmlessFunctions.',
      );
    }
  }
}

function warn(message: string): void {
  process.emitWarning(message, { type: 'QueryCacheWarning', code: 'LARDER_QUERY_CACHE' });
}
