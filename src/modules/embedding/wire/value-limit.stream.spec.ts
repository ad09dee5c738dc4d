import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ValueLimitStream } from './value-limit.stream.js';

const MAX_BYTES = 1_000_000;

const through = (...chunks: string[]) =>
  text(Readable.from(chunks.map((chunk) => Buffer.from(chunk))).pipe(new ValueLimitStream(MAX_BYTES)));

describe('value limit', () => {
  it('lets a body pass as it is', async () => {
    const body = JSON.stringify({ input: Array(2_048).fill('text, with [commas] {and} "quotes" \\ ') });
    expect(await through(body.slice(0, 1_000), body.slice(1_000))).toBe(body);
  });

  it('ends a body of too many bytes', async () => {
    await expect(through('x'.repeat(MAX_BYTES))).resolves.toHaveLength(MAX_BYTES);
    await expect(through('x'.repeat(MAX_BYTES), 'x')).rejects.toMatchObject({ status: 413 });
  });

  it.each([
    ['numbers', `[${'1,'.repeat(20_001)}1]`],
    ['lists', `[${'[],'.repeat(20_001)}1]`],
    ['nested lists', '['.repeat(20_001)],
  ])('ends a body of too many %s', async (_name, body) => {
    await expect(through(body)).rejects.toMatchObject({ kind: 'invalid-input' });
  });

  it('counts no values inside a text, wherever the body is cut', async () => {
    const body = JSON.stringify({ input: `"\\"${',[{'.repeat(20_000)}` });
    for (const cut of [1, 10, 11, 12, 13, 14, 15, 16])
      expect(await through(body.slice(0, cut), body.slice(cut))).toBe(body);
  });
});
