import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { PostgresServer } from '../../support/postgres-server.js';
import { startApp, TEST_TOKEN } from '../../support/test-app.js';

const ROOT = new URL('../../../', import.meta.url);
const MODULE = new URL('src/modules/documents/', ROOT);
const guide = readFileSync(new URL('docs/guides/your-first-cached-module.md', ROOT), 'utf8');

const blocksOf = (...languages: string[]) =>
  [...guide.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, language]) => languages.includes(language!))
    .map(([, , text]) => text!);

/** Code as it is compared: how it is laid out means nothing. */
const squeeze = (code: string) => code.replaceAll(/\s+/g, '');

const sources = readdirSync(MODULE, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(ts|sql)$/.test(path) && !path.endsWith('.spec.ts'))
  .map((path) => squeeze(readFileSync(new URL(path, MODULE), 'utf8')));

describe('the guide to a first cached module', () => {
  it('shows the code of the module it walks through', () => {
    const blocks = blocksOf('ts', 'sql');
    expect(blocks.length).toBeGreaterThan(5);
    const parts = blocks.flatMap((block) => block.split(/\{ \.\.\. \}|^[ \t]*\.\.\.$/m));
    const unknown = parts.filter((part) => !sources.some((source) => source.includes(squeeze(part))));
    expect(unknown).toEqual([]);
  });

  it('shows commands that answer as it says', async () => {
    const postgres = await PostgresServer.start();
    const app = await startApp({ DATABASE_URL: await postgres.createDatabase() });
    let id = '';
    for (const block of blocksOf('console')) {
      for (const example of block.split(/^\$ /m).slice(1)) {
        const [, command, expected] = /^((?:.*\\\n)*.*\n)([^]*)$/.exec(example)!;
        const shown = command!.replaceAll('localhost:3000', new URL(app.url).host).replaceAll('6f0a…', id);
        const { stdout } = await promisify(execFile)('sh', ['-c', shown], {
          env: { ...process.env, LARDER_TOKEN: TEST_TOKEN },
        });
        const answered = stdout.replaceAll('\r', '').trim();
        id = /^location: \/documents\/(\S+)$/m.exec(answered)?.[1] ?? id;
        expect(answered.split('\n').toSorted()).toEqual(
          expected!.trim().replaceAll('6f0a…', id).split('\n').toSorted(),
        );
      }
    }
    expect(id).not.toBe('');
    await app.close();
    await postgres.stop();
  }, 60_000);
});
