import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

const COMMAND = fileURLToPath(new URL('../../../dist/modules/embedding/cli/main.js', import.meta.url));
const BATCH = 100;
const TEXTS = 1_000;

let upstream: EmbeddingUpstream;
let redis: RedisServer;
let directory: string;
let input: string;
let output: string;

beforeAll(async () => {
  [upstream, redis] = await Promise.all([EmbeddingUpstream.start(), RedisServer.start()]);
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'larder-embed-'));
  [input, output] = [join(directory, 'texts.jsonl'), join(directory, 'texts.embeddings.jsonl')];
  await writeFile(input, lines(TEXTS));
  await upstream.reset();
  await upstream.configure({ delayMs: 0 });
  await redis.command('FLUSHALL');
});
afterEach(() => rm(directory, { recursive: true }));
afterAll(async () => {
  await upstream.stop();
  await redis.stop();
});

const lines = (count: number) =>
  Array.from(
    { length: count },
    (_, index) => `${JSON.stringify({ id: `doc-${index}`, text: `text ${index}` })}\n`,
  ).join('');

/** The built command, as `npm run embed` runs it. */
function embed(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...args], {
    env: { ...upstream.googleEnv, EMBEDDING_DIMENSIONS: '128', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function finished(command: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let [out, err] = ['', ''];
  command.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()));
  command.stderr!.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(command, 'close')) as [number | null];
  return { code, out, err };
}

const readLines = async (file: string) => (await readFile(file, 'utf8')).trimEnd().split('\n');

it.each([
  ['with Redis', () => ({ REDIS_URL: redis.url })],
  ['without Redis', () => ({})],
])(
  'a job that is killed halfway goes on where it stopped, %s',
  async (_name, env) => {
    await upstream.configure({ delayMs: 100 });
    const killed = embed([input], env());
    await eventually(async () => expect((await readLines(output)).length).toBeGreaterThanOrEqual(2 * BATCH));
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const before = await readLines(output);
    expect(before.length).toBeLessThan(TEXTS);
    // A line that was cut off, as a machine that loses its power leaves.
    await writeFile(output, `${before.join('\n')}\n{"id":"doc-`);

    const { code, err } = await finished(embed([input], env()));
    expect(code).toBe(0);
    expect(err).toMatch(/1000\/1000 .* done/);
    const after = await readLines(output);
    expect(after.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(
      Array.from({ length: TEXTS }, (_, index) => `doc-${index}`),
    );
    expect(after.slice(0, before.length)).toEqual(before);
    // At most the batch that was under way is paid again.
    expect((await upstream.stats()).texts).toBeLessThanOrEqual(TEXTS + BATCH);
  },
  90_000,
);

it('a second job over the same texts costs nothing', async () => {
  const env = { REDIS_URL: redis.url };
  expect((await finished(embed([input], env))).code).toBe(0);
  const first = await readFile(output, 'utf8');
  await rm(output);
  const { err } = await finished(embed([input], env));
  expect(err).toContain('100 % hits');
  expect(await readFile(output, 'utf8')).toBe(first);
  expect((await upstream.stats()).texts).toBe(TEXTS);
});

it('a text that is refused becomes a line that says why, and the others are embedded', async () => {
  const texts = [
    'fine',
    'poison ☠',
    'x'.repeat(100_001),
    ...Array.from({ length: 150 }, (_, index) => `more ${index}`),
  ];
  await writeFile(input, texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
  const { code, err } = await finished(embed([input]));
  expect(code).toBe(1);
  expect(err).toContain('2 texts were refused');
  const rows = (await readLines(output)).map((line) => JSON.parse(line) as { error?: string; embedding?: string });
  expect(rows).toHaveLength(texts.length);
  expect(rows.map(({ error }) => error !== undefined).indexOf(true)).toBe(1);
  expect(rows.filter(({ error }) => error === undefined).every(({ embedding }) => embedding)).toBe(true);
  expect(rows[2]!.error).toContain('100001 characters');
  expect((await upstream.stats()).texts).toBe(texts.length - 2);
});

it.each([
  ['another model', ['--model', 'gemini-embedding-001'], lines(10)],
  ['another width', ['--dimensions', '256'], lines(10)],
  ['other texts', [], '"another"\n'.repeat(10)],
  ['fewer texts', [], lines(3)],
])(
  'nothing is added to the output of %s',
  async (_name, args, texts) => {
    await writeFile(input, lines(5));
    expect((await finished(embed([input]))).code).toBe(0);
    const before = await readFile(output, 'utf8');
    await writeFile(input, texts);
    const { code, err } = await finished(embed([input, ...args]));
    expect(code).toBe(1);
    expect(err).toContain('written by another job');
    expect(await readFile(output, 'utf8')).toBe(before);
  },
  30_000,
);

it('a file that is something else is left alone', async () => {
  await writeFile(output, 'precious\n');
  const { code, err } = await finished(embed([input]));
  expect(code).toBe(1);
  expect(err).toContain('not written by this command');
  expect(await readFile(output, 'utf8')).toBe('precious\n');
});

it('texts may come from standard input, as plain lines', async () => {
  const command = embed(['-', '--model', 'gemini-embedding-2', '--dimensions', '256']);
  command.stdin!.end('first line\n\n"second"\n');
  const { code, out } = await finished(command);
  expect(code).toBe(0);
  const rows = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number; embedding: string });
  expect(rows.map(({ id }) => id)).toEqual([1, 3]);
  expect(Buffer.from(rows[0]!.embedding, 'base64')).toHaveLength(256 * 4);
});

it.each([
  [['no-such-file.jsonl'], /no-such-file/],
  [[], /Usage/],
  [['a', 'b'], /Usage/],
  [['a', '--dimensions', 'many'], /Usage/],
])(
  '%j is an error with its reason',
  async (args, message) => {
    const { code, err } = await finished(embed(args));
    expect(code).toBe(1);
    expect(err).toMatch(message);
  },
  30_000,
);
