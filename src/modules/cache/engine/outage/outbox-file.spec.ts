import { appendFileSync, copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutboxFile, type OutboxSnapshot } from './outbox-file.js';

describe('the outbox on disk', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'larder-outbox-'));
    path = join(directory, 'outbox');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (namespace = 'ns'): OutboxFile => new OutboxFile(path, namespace);
  /** A process ends; the next one begins. */
  const leave = (...files: OutboxFile[]): void => files.forEach((file) => file.close());
  const add = (file: OutboxFile, contents: OutboxSnapshot): void => file.add(contents, 1_000, () => contents);
  const NOTHING = { keys: [], dependencies: [] };

  const one = { keys: ['k', '\u0001shop\u0001k', '\ud800'], dependencies: [['t::tag', 'soft'] as const] };

  it('gives back the lines that were appended, except a last line that was cut off', () => {
    const file = open();
    add(file, one);
    appendFileSync(file.path, '{"keys":["never repor');
    leave(file);
    expect(open().adopt()).toEqual(one);
  });

  it.each(['garbage', '{"keys":5,"dependencies":[]}', '{"keys":[""],"dependencies":[]}', 'null'])(
    'reports unknown invalidations where a line is %s',
    (line) => {
      const file = open();
      appendFileSync(file.path, `${line}\n`);
      add(file, one);
      leave(file);
      expect(open().adopt()).toBeUndefined();
    },
  );

  it('reports unknown invalidations where a file is empty', () => {
    const file = open();
    writeFileSync(file.path, '');
    leave(file);
    expect(open().adopt()).toBeUndefined();
  });

  it('of a dead process that was being written anew is removed, and its last whole form read', () => {
    const file = open();
    add(file, one);
    writeFileSync(`${file.path}.new`, '{"keys":["half');
    leave(file);
    const next = open();
    expect(next.adopt()).toEqual(one);
    next.rewrite(NOTHING);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is worth writing anew once it repeats itself, and is small then', () => {
    const file = open();
    const again = { keys: ['again'], dependencies: [] };
    for (let i = 0; i < 10_000; i++) file.add(again, 1, () => again);
    expect(statSync(file.path).size).toBeLessThan(50_000);
    leave(file);
    expect(new Set(open().adopt()!.keys)).toEqual(new Set(['again']));
  });

  it('leaves files of living processes alone, and takes all files of dead ones', () => {
    const [living, dead, deadToo] = [open(), open(), open()];
    for (const [i, file] of [living, dead, deadToo].entries()) add(file, { keys: [`k${i}`], dependencies: [] });
    leave(dead, deadToo);
    const next = open();

    expect(next.adopt()!.keys.toSorted()).toEqual(['k1', 'k2']);
    next.rewrite({ keys: ['k1', 'k2'], dependencies: [] });
    expect(readdirSync(directory)).toHaveLength(2);
    living.rewrite(NOTHING);
    next.rewrite(NOTHING);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('keeps a file that was taken over until its lines are written elsewhere', () => {
    const dead = open();
    add(dead, one);
    leave(dead);
    const killedTooEarly = open();
    expect(killedTooEarly.adopt()).toEqual(one);
    leave(killedTooEarly);

    expect(open().adopt()).toEqual(one);
  });

  it('is not lost when its owner turns out to live', () => {
    const stalled = open();
    add(stalled, { keys: ['before'], dependencies: [] });
    leave(stalled);
    const next = open();
    expect(next.adopt()!.keys).toEqual(['before']);

    add(stalled, { keys: ['after'], dependencies: [] });

    expect(open().adopt()!.keys).toEqual(['after']);
  });

  it('is no business of another namespace', () => {
    const shop = open('shop');
    add(shop, one);
    leave(shop);

    expect(open('shop.1').adopt()).toEqual(NOTHING);
    expect(open('sho').adopt()).toEqual(NOTHING);
    expect(open('shop').adopt()).toEqual(one);
  });

  it('of a process that ran with another number, start or machine is a dead one’s', () => {
    const file = open();
    add(file, one);
    const [, mark] = /\.ns\.(.+)$/.exec(file.path)!;
    const [pid, start, id] = mark!.split('-') as [string, string, string];
    for (const foreign of [`${pid}-1${start}-${id}`, `4194305-${start}-${id}`, `${pid}-${start}-0`])
      copyFileSync(file.path, `${path}.ns.${foreign}`);
    copyFileSync(file.path, `${path}.ns.${process.ppid}-1-${id}`);

    expect(open().adopt()!.keys).toHaveLength(4 * one.keys.length);
  });
});
