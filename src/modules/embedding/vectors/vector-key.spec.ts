import fc from 'fast-check';
import { type VectorIdentity, vectorKey } from './vector-key.js';

const identity: VectorIdentity = {
  provider: 'google',
  origin: 'https://generativelanguage.googleapis.com',
  model: 'gemini-embedding-2',
  dimensions: 768,
  input: { parts: ['hello'] },
};

describe('vector key', () => {
  it('is the same as in earlier versions, so that no stored vector is lost', () => {
    expect(vectorKey(identity)).toBe('v1:768:AzljDfITN4zsDlvKS2MPcKiR4rh--L0VjgSsh1TJrGU');
  });

  it.each<[string, Partial<VectorIdentity>]>([
    ['provider', { provider: 'openai' }],
    ['origin', { origin: 'http://127.0.0.1:1' }],
    ['model', { model: 'gemini-embedding-001' }],
    ['width', { dimensions: 1536 }],
    ['text', { input: { parts: ['hello '] } }],
    ['parts', { input: { parts: ['hel', 'lo'] } }],
    ['task', { input: { parts: ['hello'], taskType: 'CLUSTERING' } }],
    ['title', { input: { parts: ['hello'], title: 'x' } }],
  ])('depends on the %s', (_name, change) => {
    expect(vectorKey({ ...identity, ...change })).not.toBe(vectorKey(identity));
  });

  it('is the same for the same, whatever object it comes in', () => {
    expect(vectorKey({ ...identity, input: { parts: ['hello'], taskType: undefined, title: undefined } })).toBe(
      vectorKey(identity),
    );
  });

  it('never confuses where one field or part ends and the next begins', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ':', '1', ''), maxLength: 6 });
    const inputs = fc.record({ parts: fc.array(text, { minLength: 1, maxLength: 3 }), title: text });
    fc.assert(
      fc.property(inputs, inputs, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        return (vectorKey({ ...identity, input: one }) === vectorKey({ ...identity, input: other })) === isSame;
      }),
    );
  });

  it('has 256 bits and nothing of the text', () => {
    expect(vectorKey({ ...identity, input: { parts: ['secret'] } })).toMatch(/^v1:768:[\w-]{43}$/);
  });
});
