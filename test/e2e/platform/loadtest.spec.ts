import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseOptions } from '../../loadtest/options.js';
import { Recorder } from '../../loadtest/recorder.js';
import { zipf } from '../../loadtest/zipf.js';
import { seededRandom } from '../../support/seeded-random.js';

const SCRIPT = fileURLToPath(new URL('../../../scripts/loadtest.mjs', import.meta.url));

const run = (...args: string[]) => promisify(execFile)(process.execPath, [SCRIPT, ...args], { maxBuffer: 2 ** 24 });

/** Cells of the first table, by the title of their row. */
function totalsOf(markdown: string): Record<string, Record<string, number>> {
  const [header, , ...rows] = markdown
    .split('\n\n')
    .find((block) => block.startsWith('|'))!
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return Object.fromEntries(
    rows.map(([title, ...cells]) => [
      title!,
      Object.fromEntries(cells.map((cell, i) => [header![i + 1]!, Number.parseFloat(cell)])),
    ]),
  );
}

describe('the load test', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'larder-loadtest-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('reports every request of every phase, hits with the cache, and the work of the origins', async () => {
    await run('--quick', '--out', folder);
    const totals = totalsOf(readFileSync(join(folder, 'loadtest.md'), 'utf8'));
    expect(Object.keys(totals)).toEqual(['Cache off', 'Redis only', 'Memory and Redis', 'Both, Redis killed']);
    for (const { answered, failed } of Object.values(totals)) expect(answered! + failed!).toBe(120);
    expect(totals['Cache off']!['hit rate']).toBe(0);
    for (const phase of ['Redis only', 'Memory and Redis']) expect(totals[phase]!['hit rate']).toBeGreaterThan(0);
    for (const { 'origin calls/s': calls } of Object.values(totals)) expect(calls).toBeGreaterThan(0);
    const html = readFileSync(join(folder, 'loadtest.html'), 'utf8');
    expect(html).toContain('Both, Redis killed');
    expect(html).not.toMatch(/(?:src|href)=/);
  });

  it('explains its options, and names one that is invalid', async () => {
    const { stdout } = await run('--help');
    expect(stdout).toContain('--phases');
    await expect(run('--rate', 'fast', '--target', 'http://127.0.0.1:1')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--rate must be a number from 1 on, not "fast"') as string,
    });
  });
});

describe('options of the load test', () => {
  it.each([
    [['--phases', 'off,none'], '--phases has no "none"'],
    [['--duration', '5', '--warm-up', '5'], '--warm-up must be shorter than --duration'],
    [['--target', 'localhost'], '--target must be URLs'],
  ])('%j are refused', (args, message) => {
    expect(() => parseOptions(args, {})).toThrow(message);
  });

  it('take the credentials of a target from the environment', () => {
    const options = parseOptions(['--target', 'http://a:1/x,http://b:2'], { LOADTEST_SESSION_KEY: 'k' });
    expect(options).toMatchObject({ target: { urls: ['http://a:1', 'http://b:2'], sessionKey: 'k' } });
  });
});

describe('latencies of a load test', () => {
  it('are summed up by second and by kind, failed requests apart', () => {
    const recorder = new Recorder(1);
    recorder.record('list', 500, 900, undefined);
    recorder.record('list', 1_500, 10, undefined);
    recorder.record('write', 1_600, 30, undefined);
    recorder.record('write', 1_700, 5, 'status 503');
    expect(recorder.seconds().map(({ latency, failures }) => [latency.count, failures])).toEqual([
      [1, 0],
      [2, 1],
    ]);
    const { all, list, write } = recorder.byKind();
    expect(all!.latency).toMatchObject({ count: 2, max: expect.closeTo(30, 0) as number });
    expect(list!.latency.p99).toBeCloseTo(10, 0);
    expect(write!.failures).toBe(1);
    expect(recorder.failureReasons()).toEqual({ 'status 503': 1 });
  });
});

describe("ranks by Zipf's law", () => {
  it('are all possible, and as frequent as the law says', () => {
    const next = zipf(100, seededRandom(3));
    const counts = Array.from({ length: 100 }, () => 0);
    for (let i = 0; i < 100_000; i++) counts[next()]! += 1;
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(counts[0]! / counts[9]!).toBeCloseTo(10, -1);
  });
});
