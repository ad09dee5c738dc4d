import type { EmbeddingInput } from '../embedding.types.js';
import type { EmbeddingModel } from '../providers/embedding.provider.js';
import { planTexts } from './text-plan.js';

const model: EmbeddingModel = {
  id: 'm',
  provider: 'google',
  dimensions: { default: 4, min: 4, max: 4 },
  taskMode: 'none',
  isNormalised: true,
  isNested: false,
  maxInputChars: 20,
  maxInputTokens: 5,
  usdPerMillionTokens: 0,
};
const identity = { provider: 'google', origin: 'o', dimensions: 4 };
const plan = (
  inputs: EmbeddingInput[],
  changes: Partial<EmbeddingModel> = {},
  normalisation: 'none' | 'nfc' | 'trim' = 'none',
) => planTexts(inputs, { ...model, ...changes }, normalisation, identity);
const texts = (...parts: string[]): EmbeddingInput[] => parts.map((part) => ({ parts: [part] }));

describe('text plan', () => {
  it('gives equal texts one key and keeps the order of the request', () => {
    const { keys, texts: distinct } = plan(texts('a', 'b', 'a'));
    expect(keys).toHaveLength(3);
    expect(keys[0]).toBe(keys[2]);
    expect([...distinct.values()].map(({ index }) => index)).toEqual([0, 1]);
  });

  it('looks texts up as they are unless told otherwise', () => {
    expect(plan(texts('é ', 'e\u0301')).texts.size).toBe(2);
    expect(plan(texts('é', 'e\u0301'), {}, 'nfc').texts.size).toBe(1);
    expect(plan(texts(' é ', 'e\u0301'), {}, 'trim').texts.size).toBe(1);
  });

  it('puts the task into the text for a model that looks for it there', () => {
    const [planned] = plan([{ parts: ['q'], taskType: 'RETRIEVAL_QUERY' }], {
      taskMode: 'prefix',
      maxInputChars: 1,
    }).texts.values();
    expect(planned!.input).toEqual({ parts: ['task: search result | query: q'] });
  });

  it('passes the task to a model that has such a parameter, and drops it for other models', () => {
    const input: EmbeddingInput = { parts: ['d'], taskType: 'RETRIEVAL_DOCUMENT', title: 't' };
    expect([...plan([input], { taskMode: 'parameter' }).texts.values()][0]!.input).toEqual(input);
    expect([...plan([input]).texts.values()][0]!.input).toEqual({ parts: ['d'] });
  });

  it.each([
    ['an empty text', '', /text 1 is empty/],
    ['a lone surrogate', '\ud800', /text 1 is not well-formed/],
    ['a text that is too long', 'x'.repeat(21), /text 1 is 21 characters long/],
  ])('refuses %s and says which', (_name, text, message) => {
    expect(() => plan(texts('fine', text))).toThrow(message);
  });

  it('refuses a text that nothing is left of', () => {
    expect(() => plan(texts('  '), {}, 'trim')).toThrow(/text 0 is empty/);
  });
});
