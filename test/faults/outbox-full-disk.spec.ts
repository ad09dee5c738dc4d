import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutboxFile, type OutboxSnapshot } from '../../src/modules/cache/engine/outage/outbox-file.js';
import { SmallDisk } from '../support/small-disk.js';

const describeOnSmallDisk = SmallDisk.isAvailable() ? describe : describe.skip;

describeOnSmallDisk('the outbox on a disk that is full', () => {
  let disk: SmallDisk;
  let path: string;

  beforeEach(() => {
    disk = SmallDisk.create(1);
    path = join(disk.dir, 'outbox');
  });
  afterEach(() => disk.remove());

  const NOTHING: OutboxSnapshot = { keys: [], dependencies: [] };
  const items = (from: number, count: number): OutboxSnapshot => ({
    keys: Array.from({ length: count }, (_, i) => `a key that is not short ${from + i}`),
    dependencies: [],
  });
  const join2 = (a: OutboxSnapshot, b: OutboxSnapshot): OutboxSnapshot => ({ ...a, keys: [...a.keys, ...b.keys] });
  /** What the next process finds after this one was killed. */
  const afterDeathOf = (file: OutboxFile): OutboxSnapshot | undefined => {
    file.close();
    return new OutboxFile(path, 'ns').adopt();
  };

  it('stands for unknown invalidations when an invalidation could not be written', () => {
    const file = new OutboxFile(path, 'ns');
    const first = items(0, 10);
    file.add(first, 10, () => first);
    disk.fill();
    const more = items(10, 1_000);
    expect(() => file.add(more, 1_010, () => join2(first, more))).toThrow(/ENOSPC/);
    expect(afterDeathOf(file)).toBeUndefined();
  });

  it('stands for them also when there was no file yet', () => {
    const file = new OutboxFile(path, 'ns');
    disk.fill();
    const first = items(0, 10);
    expect(() => file.add(first, 10, () => first)).toThrow(/ENOSPC/);
    expect(afterDeathOf(file)).toBeUndefined();
  });

  it('is whole again with the next invalidation once there is room', () => {
    const file = new OutboxFile(path, 'ns');
    const [first, second] = [items(0, 500), items(500, 10)];
    disk.fill();
    expect(() => file.add(first, 500, () => first)).toThrow(/ENOSPC/);
    disk.empty();
    file.add(second, 510, () => join2(first, second));
    expect(afterDeathOf(file)).toEqual(join2(first, second));
  });

  it('keeps what it has, and leaves nothing half-written, when it could not be written anew', () => {
    const file = new OutboxFile(path, 'ns');
    const first = items(0, 2_000);
    file.add(first, 2_000, () => first);
    disk.fill();
    expect(() => file.rewrite(items(0, 1_999))).toThrow(/ENOSPC/);
    expect(readdirSync(disk.dir).filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(readFileSync(file.path, 'utf8').length).toBeGreaterThan(10_000);
    expect(afterDeathOf(file)).toEqual(first);
  });

  it('is gone when there is nothing left to send', () => {
    const file = new OutboxFile(path, 'ns');
    const first = items(0, 10);
    disk.fill();
    expect(() => file.add(first, 10, () => first)).toThrow(/ENOSPC/);
    file.rewrite(NOTHING);
    expect(readdirSync(disk.dir).filter((name) => name.startsWith('outbox'))).toEqual([]);
    expect(afterDeathOf(file)).toEqual(NOTHING);
  });
});
