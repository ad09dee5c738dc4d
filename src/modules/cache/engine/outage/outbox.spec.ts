import type { SlotAddress } from '../ports/remote-tier.js';
import { Outbox, type OutboxBatch } from './outbox.js';

const addressOf = (key: string): SlotAddress => ({ memoryKey: key, slot: `{x}:v::${key}`, partition: 0 });

describe('the outbox', () => {
  let outbox: Outbox;
  let sent: OutboxBatch[];
  const acknowledge = async (batch: OutboxBatch): Promise<boolean> => (sent.push(batch), true);
  const keysOf = ({ addresses }: Pick<OutboxBatch, 'addresses'>): string[] =>
    addresses.map(({ memoryKey }) => memoryKey);

  beforeEach(() => {
    outbox = new Outbox(4);
    sent = [];
  });

  it('knows the keys and dependencies that wait, each once', () => {
    expect([outbox.size, outbox.hasKey('a'), outbox.modeOf('t')]).toEqual([0, false, undefined]);
    for (const key of ['a', 'b', 'a']) outbox.addKey(addressOf(key));
    outbox.addDependency('t', 'soft');
    expect([outbox.size, outbox.hasKey('a'), outbox.hasKey('c')]).toEqual([3, true, false]);
    expect([outbox.modeOf('t'), outbox.modeOf('u')]).toEqual(['soft', undefined]);
  });

  it('keeps an invalidation hard, whatever expiry is added to it', () => {
    outbox.addDependency('t', 'soft');
    outbox.addDependency('t', 'hard');
    outbox.addDependency('t', 'soft');
    expect(outbox.modeOf('t')).toBe('hard');
  });

  it('overflows past its number of items, and becomes one clear', () => {
    for (const key of ['a', 'b', 'c', 'd']) outbox.addKey(addressOf(key));
    expect(outbox.isOverflowing).toBe(false);
    outbox.addDependency('t', 'hard');
    expect(outbox.isOverflowing).toBe(true);
    outbox.replaceBy('g:');
    expect(outbox.snapshot()).toEqual({ keys: [], dependencies: [['g:', 'hard']] });
    expect([outbox.size, outbox.hasKey('a'), outbox.modeOf('t')]).toEqual([1, false, undefined]);
  });

  it('is drained in batches, the oldest first, expiries apart from invalidations', async () => {
    for (const key of ['a', 'b', 'c', 'a']) outbox.addKey(addressOf(key));
    outbox.addDependency('hard', 'hard');
    outbox.addDependency('soft', 'soft');
    await expect(outbox.drain(acknowledge, 2)).resolves.toBe(true);
    expect(sent.map((batch) => [keysOf(batch), batch.dependencies, batch.mode])).toEqual([
      [['b', 'c'], ['hard'], 'hard'],
      [['a'], [], 'hard'],
      [[], ['soft'], 'soft'],
    ]);
    expect(outbox.size).toBe(0);
    await expect(outbox.drain(acknowledge)).resolves.toBe(true);
    expect(sent).toHaveLength(3);
  });

  it('never sends keys together with expiries: the keys would only become stale', async () => {
    outbox.addDependency('expired', 'soft');
    outbox.addKey(addressOf('deleted'));
    outbox.addDependency('invalidated', 'hard');

    await expect(outbox.drain(acknowledge)).resolves.toBe(true);

    expect(sent.map((batch) => [batch.mode, keysOf(batch), batch.dependencies])).toEqual([
      ['hard', ['deleted'], ['invalidated']],
      ['soft', [], ['expired']],
    ]);
  });

  it('keeps what was not acknowledged, and says so', async () => {
    for (const key of ['a', 'b', 'c']) outbox.addKey(addressOf(key));
    const refuseSecond = async (batch: OutboxBatch): Promise<boolean> => sent.push(batch) < 2;
    await expect(outbox.drain(refuseSecond, 1)).resolves.toBe(false);
    expect(outbox.snapshot().keys).toEqual(['b', 'c']);
  });

  it('keeps an item that was added again while its batch was on its way, and does not send it twice in one drain', async () => {
    outbox.addKey(addressOf('a'));
    outbox.addDependency('t', 'hard');
    const addAgain = async (batch: OutboxBatch): Promise<boolean> => {
      sent.push(batch);
      outbox.addKey(addressOf('a'));
      outbox.addDependency('t', 'hard');
      return true;
    };
    await expect(outbox.drain(addAgain)).resolves.toBe(true);
    expect(sent).toHaveLength(1);
    expect([outbox.hasKey('a'), outbox.modeOf('t')]).toEqual([true, 'hard']);
  });

  it('gives its hard invalidations in batches, for tombstones', () => {
    for (const key of ['a', 'b', 'c']) outbox.addKey(addressOf(key));
    outbox.addDependency('hard', 'hard');
    outbox.addDependency('soft', 'soft');
    expect([...outbox.hardInvalidations(2)].map((batch) => [keysOf(batch), batch.dependencies])).toEqual([
      [['a', 'b'], ['hard']],
      [['c'], []],
    ]);
  });
});
