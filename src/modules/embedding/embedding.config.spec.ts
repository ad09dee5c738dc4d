import { embeddingConfig } from './embedding.config.js';

const DIGEST = 'a'.repeat(64);

describe('embedding configuration', () => {
  it('needs nothing', () => {
    expect(embeddingConfig.parse({})).toMatchObject({
      ttlMs: 30 * 86_400_000,
      codec: 'f32',
      isTruncationEnabled: false,
      apiKeys: [],
    });
  });

  it('reads aliases', () => {
    const { modelAliases } = embeddingConfig.parse({
      EMBEDDING_MODEL_ALIASES: 'text-embedding-3-small = local, ada=local',
    });
    expect([...modelAliases]).toEqual([
      ['text-embedding-3-small', 'local'],
      ['ada', 'local'],
    ]);
  });

  it.each([
    [
      'BAAI/bge-small-en-v1.5:384',
      { id: 'BAAI/bge-small-en-v1.5', minDimensions: 384, maxDimensions: 384, usdPerMillionTokens: 0 },
    ],
    [
      'nomic-embed-text:latest:768',
      { id: 'nomic-embed-text:latest', minDimensions: 768, maxDimensions: 768, usdPerMillionTokens: 0 },
    ],
    ['te-3:1-1536:0.02', { id: 'te-3', minDimensions: 1, maxDimensions: 1536, usdPerMillionTokens: 0.02 }],
  ])('reads the model %s', (text, model) => {
    expect(embeddingConfig.parse({ OPENAI_MODELS: text }).openAiModels).toEqual([model]);
  });

  it('reads API keys with their limits', () => {
    const { apiKeys } = embeddingConfig.parse({
      EMBEDDING_API_KEYS: `acme=${DIGEST};rpm=600;texts-per-day=1000;cache=isolated,other=${DIGEST}`,
    });
    expect(apiKeys.map(({ tenant }) => tenant)).toEqual([
      { name: 'acme', isIsolated: true, requestsPerMinute: 600, textsPerDay: 1_000 },
      {
        name: 'other',
        isIsolated: false,
        requestsPerMinute: Number.POSITIVE_INFINITY,
        textsPerDay: Number.POSITIVE_INFINITY,
      },
    ]);
  });

  it.each([
    { EMBEDDING_API_KEYS: 'acme=plain-key' },
    { EMBEDDING_API_KEYS: `acme=${DIGEST};rpm=0` },
    { EMBEDDING_API_KEYS: `acme=${DIGEST};colour=red` },
    { EMBEDDING_MODEL_ALIASES: 'a' },
    { OPENAI_MODELS: 'no-width' },
    { GEMINI_BASE_URL: 'file:///etc/passwd' },
    { EMBEDDING_CODEC: 'f64' },
  ])('refuses %j', (env) => {
    expect(() => embeddingConfig.parse(env)).toThrow(Object.keys(env)[0]);
  });

  it('never quotes a key that is wrong', () => {
    expect(() => embeddingConfig.parse({ EMBEDDING_API_KEYS: 'acme=plain-key' })).toThrow(/^(?!.*plain-key)/s);
  });
});
