import { collectGarbage, freed } from '../../../../../test/support/collect-garbage.js';
import { type VersionSnapshot, DependencyTable } from './dependency-table.js';
import { newVersion } from './version.js';

/** Steps of every iterator over a map or its values that `run` takes. */
function countMapSteps(run: () => void): number {
  const prototype = Object.getPrototypeOf(new Map().values()) as Iterator<unknown>;
  const { next } = prototype;
  let steps = 0;
  prototype.next = function (this: Iterator<unknown>, ...args) {
    steps++;
    return next.apply(this, args);
  };
  try {
    run();
  } finally {
    prototype.next = next;
  }
  return steps;
}

describe('DependencyTable', () => {
  it('forgets the oldest tags, one step each, however many generations and tags there are', () => {
    const generations = 20_000;
    const tags = 100_000;
    const churn = 50_000;
    const table = new DependencyTable(tags + generations, 1_000);
    const held = Array.from({ length: generations }, (_, i) => table.getOrCreate(`g:user-${i}`));
    for (let i = 0; i < tags + generations; i++) table.getOrCreate(`t::${i}`);
    let steps = 0;

    for (let i = 0; i < churn; i++) steps += countMapSteps(() => table.getOrCreate(`t::new-${i}`));

    // One for the tag that goes, one for each list of changes that forgets its oldest.
    expect(steps).toBeLessThanOrEqual(3 * churn);
    expect(steps).toBeGreaterThanOrEqual(churn);
    expect(table.find('t::0')).toBeUndefined();
    expect(table.find(`t::${churn - 1}`)).toBeUndefined();
    expect(table.find(`t::${churn}`)).toBeDefined();
    expect(table.size).toBe(tags + 2 * generations);
    expect(held.every((generation) => table.find(generation.id) === generation)).toBe(true);
  });

  it('stores nothing of a load whose tag is forgotten meanwhile', () => {
    const table = new DependencyTable(1);
    const capture = table.snapshot([table.getOrCreate('t::a')]);

    table.getOrCreate('t::b');

    expect(table.check(capture)).toBe('invalidated');
  });

  it('forgets no tag that an entry in memory carries, and no entry has to be checked for the others', () => {
    const table = new DependencyTable(2);
    const carried = table.snapshot([table.getOrCreate('t::carried')]);
    table.retain(carried);
    const { sequence } = table;

    for (let i = 0; i < 10; i++) table.getOrCreate(`t::${i}`);
    expect(table.check(carried)).toBe('current');
    expect(table.sequence).toBe(sequence);
    expect(table.tagCount).toBe(3);

    table.release(carried);
    expect(table.tagCount).toBe(2);
    for (let i = 10; i < 12; i++) table.getOrCreate(`t::${i}`);
    expect(table.find('t::carried')).toBeUndefined();
  });

  it('counts a tag of two entries once, and knows what the tags take', () => {
    const table = new DependencyTable(1);
    const [one, two] = [table.snapshot([table.getOrCreate('t::a')]), table.snapshot([table.getOrCreate('t::a')])];
    table.retain(one);
    table.retain(two);
    const { tagBytes } = table;
    expect(tagBytes).toBeGreaterThan(100);
    table.release(one);
    table.getOrCreate('t::b');
    table.getOrCreate('t::c');
    expect(table.check(two)).toBe('current');
    expect(table.tagBytes).toBe(2 * tagBytes);
  });

  it('tells what has changed beside 20,000 unrelated changes', () => {
    const table = new DependencyTable();
    const { sequence } = table;
    table.invalidateId('t::changed');
    for (let i = 0; i < 20_000; i++) table.invalidateId(`t::unrelated ${i}`);

    const unchanged = Array.from({ length: 1_000 }, (_, i) => `t::late ${i}`);
    const taken = unchanged.filter((id) => table.hasChangedSince(id, sequence));
    expect(taken.length).toBeLessThan(50);
    expect(table.hasChangedSince('t::changed', sequence)).toBe(true);
    expect(table.wasInvalidatedSince('t::changed', sequence)).toBe(true);
    expect(table.hasChangedSince('t::changed', table.sequence)).toBe(false);
    table.forgetAll();
    expect(table.hasChangedSince('t::late 1', sequence)).toBe(true);
  });

  it('frees generations that nothing holds, and keeps those that an entry depends on', async () => {
    const table = new DependencyTable();
    const captures: VersionSnapshot[] = [];
    (() => {
      for (let i = 0; i < 10_000; i++) table.getOrCreate(`g:user-${i}`);
      captures.push(table.snapshot([table.getOrCreate('g:user-7')]));
    })();

    await freed(() => expect(table.size).toBe(1));
    table.recordFromLog('g:user-7', newVersion(), '1-1');
    expect(table.check(captures[0]!)).toBe('invalidated');
  });

  it.each(['a generation that was freed', 'a tag that was forgotten', 'everything'])(
    'believes no older log entry after %s',
    async (what) => {
      const table = new DependencyTable(1);
      const id = what.startsWith('a generation') ? 'g:user' : 't::a';
      const [older, newer] = [newVersion(), newVersion()];
      (() => {
        table.getOrCreate(id);
        table.recordFromLog(id, newer, '2-0');
      })();
      if (what === 'everything') table.forgetAll();
      else table.getOrCreate('t::b');
      await collectGarbage();

      const dependency = table.getOrCreate(id);
      table.recordFetched(dependency, newer, dependency.hardEpoch, dependency.softEpoch);
      table.recordFromLog(id, older, '1-0');

      expect(dependency.version).not.toBe(older);
      table.recordFetched(dependency, newer, dependency.hardEpoch, dependency.softEpoch);
      const newest = newVersion();
      table.recordFromLog(id, newest, '3-0');
      expect(dependency.version).toBe(newest);
    },
  );
});
