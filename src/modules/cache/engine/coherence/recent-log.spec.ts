import type { LogEntry } from '../ports/invalidation-log.js';
import { RecentLog } from './recent-log.js';

const entry = (id: string): LogEntry => ({
  id,
  previous: '0-0',
  body: { source: 's', keys: [id], versions: [], isReset: false, isExpiry: false, tombstoneSequence: 0 },
});

/** Ids that are to be applied again, after an instance that had reached `reached` finds only `present` in the log. */
function lost(heard: readonly string[], present: readonly string[], reached: string): string[] | undefined {
  const recent = new RecentLog();
  for (const id of heard) recent.add(entry(id));
  return recent.lostFrom(new Set(present), reached)?.map(({ id }) => id);
}

describe('the entries that a log lost', () => {
  it('are those heard after the last position that both know', () => {
    expect(lost(['1-1', '2-1', '3-1', '4-1'], ['1-1', '2-1'], '4-1')).toEqual(['3-1', '4-1']);
  });

  it('is nothing where only old entries were trimmed', () => {
    expect(lost(['1-1', '2-1', '3-1'], ['2-1', '3-1'], '3-1')).toEqual([]);
  });

  it('is unknown where no place is known to both', () => {
    expect(lost(['3-1', '4-1'], ['1-1', '2-1'], '4-1')).toBeUndefined();
  });

  it('is unknown too when this instance has written to the log since', () => {
    expect(lost(['3-1', '4-1', '9-1'], ['1-1', '2-1', '9-1'], '4-1')).toBeUndefined();
  });

  it('does not depend on the order in which entries were heard', () => {
    expect(lost(['3-1', '2-1'], ['1-1', '2-1'], '3-1')).toEqual(['3-1']);
  });

  it('include those that this instance wrote beyond the position it had reached', () => {
    expect(lost(['1-1', '5-1'], ['1-1'], '1-1')).toEqual(['5-1']);
  });

  it('is remembered of the newest entries only, also after a clear', () => {
    const recent = new RecentLog(2);
    const heard = (): string[] => ['1-1', '2-1', '3-1', '4-1', '5-1', '6-1'].filter((id) => recent.has(id));
    for (const id of ['1-1', '2-1', '3-1']) recent.add(entry(id));
    expect(heard()).toEqual(['2-1', '3-1']);
    recent.clear();
    expect(heard()).toEqual([]);
    for (const id of ['4-1', '5-1', '6-1']) recent.add(entry(id));
    expect(heard()).toEqual(['5-1', '6-1']);
  });

  it('is remembered up to so many keys', () => {
    const recent = new RecentLog(10, 3);
    recent.add(entry('1-1'));
    recent.add(entry('2-1'));
    expect([recent.has('1-1'), recent.has('2-1')]).toEqual([false, true]);
  });
});
