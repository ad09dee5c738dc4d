import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { bearerToken, isSameSecret } from './secret-text.js';

describe('isSameSecret', () => {
  it('tells the same from everything else, whatever its length', () => {
    expect(isSameSecret('a-secret', 'a-secret')).toBe(true);
    for (const other of ['', 'a-secre', 'a-secrets', 'A-secret', 'a-secret\0', 'x'.repeat(100_000)])
      expect(isSameSecret(other, 'a-secret')).toBe(false);
  });
});

describe('bearerToken', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer  abc ', 'abc'],
    ['Bearer ', undefined],
    ['Basic abc', undefined],
    ['Bearer a b', undefined],
    [undefined, undefined],
  ])('of %j is %j', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});

describe('the source', () => {
  const SECRET = /(token|secret|password|passphrase|apiKey|credential|digest|hash|signature|cookie)s?$/i;
  const EQUALITY = new Set([
    ts.SyntaxKind.EqualsEqualsEqualsToken,
    ts.SyntaxKind.ExclamationEqualsEqualsToken,
    ts.SyntaxKind.EqualsEqualsToken,
    ts.SyntaxKind.ExclamationEqualsToken,
  ]);
  const SEARCHES = new Set(['includes', 'indexOf', 'startsWith', 'endsWith', 'localeCompare', 'equals', 'compare']);

  const isSecret = (node: ts.Expression) => SECRET.test(node.getText().replaceAll(/[!()?]+$/g, ''));
  const isConstant = (node: ts.Expression) =>
    ts.isLiteralExpression(node) || /^(undefined|null|true|false)$/.test(node.getText());

  /** Comparisons whose time tells how much of a secret was right: `token === given`, `hashes.includes(hash)`. */
  function comparisonsIn(file: string, text: string): string[] {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isBinaryExpression(node) && EQUALITY.has(node.operatorToken.kind)) {
        const { left, right } = node;
        if ((isSecret(left) || isSecret(right)) && !isConstant(left) && !isConstant(right)) found.push(node.getText());
      }
      if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        const { name, expression } = node.expression;
        const [argument] = node.arguments;
        const isSearch = SEARCHES.has(name.text) && argument !== undefined && !isConstant(argument);
        if (isSearch && (isSecret(expression) || isSecret(argument))) found.push(node.getText());
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found.map((comparison) => `${file}: ${comparison}`);
  }

  it.each(['given === token', 'config.apiToken != given', 'hashes.includes(hash)', 'secret!.startsWith(given)'])(
    'is searched for comparisons like %s',
    (text) => {
      expect(comparisonsIn('x.ts', text)).toHaveLength(1);
    },
  );

  it('compares no secret but by isSameSecret', () => {
    const root = join(import.meta.dirname, '../../../..');
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !/\.(spec|type-test)\.ts$/.test(name),
    );
    expect(files.length).toBeGreaterThan(100);
    const found = files.flatMap((name) => comparisonsIn(name, readFileSync(join(root, 'src', name), 'utf8')));
    // Of cache keys, to remember which were evicted.
    expect(found).toEqual(['modules/cache/stores/memory/ghost-table.ts: this.#hashes[slot] !== hash']);
  });
});
