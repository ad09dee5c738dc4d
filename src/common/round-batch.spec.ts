import { RoundBatch } from './round-batch.js';

describe('RoundBatch', () => {
  it('sends the items of one round of the event loop together, and gives each caller its own answers', async () => {
    const sent: string[][] = [];
    const batch = new RoundBatch(async (items: readonly string[]) => {
      sent.push([...items]);
      return items.map((item) => item.toUpperCase());
    });
    const first = batch.send(['a', 'b']);
    const second = Promise.resolve().then(() => batch.send(['c']));
    expect(await Promise.all([first, second])).toEqual([['A', 'B'], ['C']]);
    expect(await batch.send(['d'])).toEqual(['D']);
    expect(sent).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('sends the first items of a round at once, and those of later callbacks together at its end', async () => {
    const sent: string[][] = [];
    const batch = new RoundBatch(async (items: readonly string[]) => {
      sent.push([...items]);
      return items;
    });
    const calls: Promise<readonly string[]>[] = [];
    await new Promise<void>((resolve) => {
      // Callbacks of one round: each is a macrotask of its own.
      setImmediate(() => {
        calls.push(batch.send(['a']));
        process.nextTick(() => expect(sent).toEqual([['a']]));
      });
      setImmediate(() => calls.push(batch.send(['b'])));
      setImmediate(() => calls.push(batch.send(['c'])));
      setImmediate(resolve);
    });
    await Promise.all(calls);
    expect(sent).toEqual([['a'], ['b', 'c']]);
  });

  it('rejects every call of a round that could not be sent', async () => {
    const batch = new RoundBatch(() => Promise.reject(new Error('away')));
    const calls = await Promise.allSettled([batch.send(['a']), batch.send(['b'])]);
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
