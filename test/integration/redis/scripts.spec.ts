import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadScript, loadScripts, readScripts, runScript } from '../../../src/modules/redis/index.js';
import { RedisServer } from '../../support/redis-server.js';

describe('scripts', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  const echo = loadScript('echo', "redis.call('SET', KEYS[1], ARGV[1]) return {KEYS[1], ARGV[1], 7, false}");

  it('runs one the server does not know, and by digest from then on', async () => {
    const client = redis.client();
    const bytes = Buffer.from([0, 255, 10, 128]);
    const reply = [Buffer.from('k'), bytes, 7, null];
    expect(await runScript(client, echo, ['k'], [bytes])).toEqual(reply);
    await redis.command('CONFIG', 'RESETSTAT');
    expect(await runScript(client, echo, ['k'], [bytes])).toEqual(reply);
    const stats = String(await redis.command('INFO', 'commandstats'));
    expect(stats).toMatch(/cmdstat_evalsha:calls=1,/);
    expect(stats).not.toMatch(/cmdstat_eval:/);
    expect(await client.getBuffer('k')).toEqual(bytes);
  });

  it('survives a SCRIPT FLUSH', async () => {
    const client = redis.client();
    await runScript(client, echo, ['k'], ['1']);
    await redis.command('SCRIPT', 'FLUSH');
    expect(await runScript(client, echo, ['k'], ['2'])).toEqual([Buffer.from('k'), Buffer.from('2'), 7, null]);
  });

  it('rejects with the error of the script', async () => {
    const failing = loadScript('failing', "return redis.error_reply('LOST lease')");
    await expect(runScript(redis.client(), failing, ['k'])).rejects.toThrow('LOST lease');
  });

  it('are read from their directory, all of them and no other', async () => {
    const path = await mkdtemp(join(tmpdir(), 'larder-scripts-'));
    const directory = pathToFileURL(`${path}/`);
    await writeFile(join(path, 'take-lease.lua'), 'return 1');
    expect(loadScripts(readScripts(directory), { takeLease: 'take-lease' }).takeLease).toEqual({
      name: 'take-lease',
      source: 'return 1',
      sha: 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db',
    });
    expect(() => loadScripts(readScripts(directory), {})).toThrow('take-lease.lua');
    expect(() => loadScripts(readScripts(directory), { takeLease: 'take-lease', fill: 'fill' })).toThrow('fill.lua');
    await rm(path, { recursive: true });
  });
});
