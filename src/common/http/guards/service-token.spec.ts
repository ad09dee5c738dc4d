import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceToken } from './service-token.js';

describe('the token of the service', () => {
  let parent: string;
  let dataDir: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'larder-token-'));
    dataDir = join(parent, 'data');
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const load = (serviceToken?: string) => ServiceToken.load({ serviceToken, dataDir });
  const modeOf = (path: string) => statSync(path).mode & 0o777;

  it('is made once, at random, and only its owner can read the file', () => {
    const token = load();
    expect(token).toMatchObject({ origin: 'file', file: join(dataDir, 'token') });
    expect(token.value).toMatch(/^[\w-]{32}$/);
    expect([modeOf(dataDir), modeOf(token.file)]).toEqual([0o700, 0o600]);
    expect(readdirSync(dataDir)).toEqual(['token']);
    expect(load().value).toBe(token.value);
    rmSync(token.file);
    expect(load().value).not.toBe(token.value);
  });

  it('is the configured one, and then no file is made', () => {
    expect(load('a-token-of-some-length')).toMatchObject({ value: 'a-token-of-some-length', origin: 'configured' });
    expect(readdirSync(parent)).toEqual([]);
  });

  it('closes a file that others can read', () => {
    const { file, value } = load();
    chmodSync(file, 0o644);
    expect(load().value).toBe(value);
    expect(modeOf(file)).toBe(0o600);
  });

  it.each(['', '\n', 'short'])('takes the place of %j in the file', (content) => {
    const { file } = load();
    writeFileSync(file, content);
    const { value } = load();
    expect(value).toHaveLength(32);
    expect(readFileSync(file, 'utf8')).toBe(`${value}\n`);
  });

  it('is of this process alone where the folder can not be made', () => {
    writeFileSync(dataDir, 'a file, not a folder');
    const [first, second] = [load(), load()];
    expect([first.origin, second.origin]).toEqual(['memory', 'memory']);
    expect(first.value).not.toBe(second.value);
  });
});
