import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutboxFile } from './outbox-file.js';

describe('the outbox on disk', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'larder-outbox-'));
    path = join(directory, 'outbox');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const one = { keys: ['k', '\u0001shop\u0001k', '\ud800'], dependencies: [['t::tag', 'soft'] as const] };

  it('gives back what was appended, but for a last line that was cut off', () => {
    new OutboxFile(path).append(one);
    appendFileSync(path, '{"keys":["never repor');
    expect(new OutboxFile(path).read()).toEqual(one);
  });

  it.each(['garbage', '{"keys":5,"dependencies":[]}', '{"keys":[""],"dependencies":[]}', 'null'])(
    'says that what waited is unknown where a line is %s',
    (line) => {
      appendFileSync(path, `${line}\n`);
      new OutboxFile(path).append(one);
      expect(new OutboxFile(path).read()).toBeUndefined();
    },
  );

  it('is worth writing anew once it repeats itself, and is small then', () => {
    const file = new OutboxFile(path);
    const again = { keys: ['again'], dependencies: [] };
    for (let i = 0; i < 10_000; i++) {
      if (file.isWorthCompacting(1)) file.rewrite(again);
      else file.append(again);
    }
    expect(statSync(path).size).toBeLessThan(50_000);
    expect(new Set(new OutboxFile(path).read()!.keys)).toEqual(new Set(['again']));
  });
});
