import { LocalProvider } from '../../../src/modules/embedding/providers/local/local.provider.js';

let provider: LocalProvider;

beforeAll(() => {
  provider = new LocalProvider();
});
afterAll(() => provider.close());

const embed = (...texts: string[]) => {
  const [model] = provider.models;
  return provider.embed({ model: model!, dimensions: 512, inputs: texts.map((text) => ({ parts: [text] })) });
};

it('gives a text the same vector alone and in a batch, to rounding', async () => {
  const [alone] = await embed('the same text');
  const batch = await embed('another', 'the same text', 'a third one that is longer');
  const differences = batch[1]!.vector.map((value, index) => Math.abs(value - alone!.vector[index]!));
  expect(Math.max(...differences)).toBeLessThan(1e-5);
  expect(Math.hypot(...alone!.vector)).toBeCloseTo(1, 6);
});

it('counts the tokens of its own tokenizer', async () => {
  const [computed] = await embed('the same text');
  expect(await provider.countTokens(provider.models[0]!, ['the same text'])).toBe(computed!.tokens);
});

it('starts a new thread when the old one has ended', async () => {
  const [before] = await embed('resilient');
  await provider.close();
  expect((await embed('resilient'))[0]!.vector).toEqual(before!.vector);
});
