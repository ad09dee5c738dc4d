import { z } from 'zod';
import { booleanText, bytesText, durationText, listText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';
import { customModelText, aliasesText } from './config/model-text.js';
import { apiKeysText } from './config/api-key-text.js';
import { vectorCodecs, type VectorCodecName } from './numbers/vector-codec.js';

const VECTOR_CODECS = Object.keys(vectorCodecs) as [VectorCodecName, ...VectorCodecName[]];
const baseUrl = (fallback: string) =>
  z
    .url({ protocol: /^https?$/, error: 'not an http(s) URL' })
    .default(fallback)
    .transform((url) => url.replace(/\/+$/, ''));
const perMinute = () => z.coerce.number().int().min(1).default(Number.POSITIVE_INFINITY);

/** The embeddings gateway: providers, models, storage and callers. */
export const embeddingConfig = defineConfig('embedding', {
  defaultModel: {
    env: 'EMBEDDING_DEFAULT_MODEL',
    doc: 'Model when a request names none. Default gemini-embedding-2 with GEMINI_API_KEY, otherwise local.',
    schema: z.string().min(1).optional(),
  },
  dimensions: {
    env: 'EMBEDDING_DIMENSIONS',
    doc: "Width when a request names none, if the model has that width. Default 768 for Gemini models, the model's own for others.",
    schema: z.coerce.number().int().min(1).max(65_536).optional(),
  },
  modelAliases: {
    env: 'EMBEDDING_MODEL_ALIASES',
    doc: 'Names that clients send and the models to use for them, as text-embedding-3-small=local,text-embedding-ada-002=local. Default none.',
    schema: aliasesText().prefault(''),
  },
  ttlMs: {
    env: 'EMBEDDING_TTL',
    doc: 'Ttl of a vector. Default 30d.',
    schema: durationText().prefault('30d'),
  },
  codec: {
    env: 'EMBEDDING_CODEC',
    doc: 'Storage format of vectors: f32 (exact), f16 (half the bytes, cosine error < 1e-4) or int8 (a quarter, about 1e-3). Default f32.',
    schema: z.enum(VECTOR_CODECS).default('f32'),
  },
  textNormalisation: {
    env: 'EMBEDDING_TEXT_NORMALISATION',
    doc: 'Change made to a text before it is looked up and sent: none, nfc (Unicode NFC) or trim (NFC without outer white space). Default none.',
    schema: z.enum(['none', 'nfc', 'trim']).default('none'),
  },
  isTruncationEnabled: {
    env: 'EMBEDDING_TRUNCATION',
    doc: 'Ask nested models for their full width only and cut narrower vectors from it, so one paid text serves every width. Default false.',
    schema: booleanText().prefault('false'),
  },
  bodyLimitBytes: {
    env: 'EMBEDDING_BODY_LIMIT',
    doc: 'Largest request body of the embedding endpoints. Default 4mb.',
    schema: bytesText().prefault('4mb'),
  },
  apiKeys: {
    env: 'EMBEDDING_API_KEYS',
    doc: 'Keys of callers, as name=<sha256 of the key in hex>[;rpm=600][;texts-per-day=100000][;cache=isolated], separated by commas. Without keys, clients send LARDER_TOKEN as their key; on a loopback HOST with the local model alone they need none.',
    schema: apiKeysText().prefault(''),
    isSecret: true,
  },
  geminiApiKey: {
    env: 'GEMINI_API_KEY',
    doc: 'Key of the Gemini API; turns the google provider on. Default none.',
    schema: z.string().min(1).optional(),
    isSecret: true,
  },
  geminiBaseUrl: {
    env: 'GEMINI_BASE_URL',
    doc: 'Address of the Gemini API. Default https://generativelanguage.googleapis.com.',
    schema: baseUrl('https://generativelanguage.googleapis.com'),
  },
  geminiModels: {
    env: 'GEMINI_MODELS',
    doc: 'More Gemini embedding models, as name:dimensions or name:min-max[:usd per million tokens]. Default none beside gemini-embedding-2 and gemini-embedding-001.',
    schema: listText().pipe(z.array(customModelText())).prefault(''),
  },
  openAiApiKey: {
    env: 'OPENAI_API_KEY',
    doc: 'Key of the OpenAI-compatible upstream; turns the openai provider on. Default none.',
    schema: z.string().min(1).optional(),
    isSecret: true,
  },
  openAiBaseUrl: {
    env: 'OPENAI_BASE_URL',
    doc: 'Address of an OpenAI-compatible upstream (OpenAI, TEI, vLLM, Ollama), with its /v1; turns the openai provider on. Default https://api.openai.com/v1.',
    schema: z
      .url({ protocol: /^https?$/, error: 'not an http(s) URL' })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
  },
  openAiModels: {
    env: 'OPENAI_MODELS',
    doc: "Models of the OpenAI-compatible upstream, as name:dimensions or name:min-max[:usd per million tokens]. Default OpenAI's three.",
    schema: listText().pipe(z.array(customModelText())).prefault(''),
  },
  upstreamTimeoutMs: {
    env: 'EMBEDDING_UPSTREAM_TIMEOUT',
    doc: 'Timeout of one upstream call. Default 30s.',
    schema: durationText().prefault('30s'),
  },
  upstreamBudgetMs: {
    env: 'EMBEDDING_UPSTREAM_BUDGET',
    doc: 'Time for one batch with all its retries and waits. Default 90s.',
    schema: durationText().prefault('90s'),
  },
  upstreamConcurrency: {
    env: 'EMBEDDING_UPSTREAM_CONCURRENCY',
    doc: 'Most concurrent calls of this instance to one upstream, up to four of them for one request; further ones wait. Default 16.',
    schema: z.coerce.number().int().min(1).max(256).default(16),
  },
  upstreamTextsPerMinute: {
    env: 'EMBEDDING_UPSTREAM_TEXTS_PER_MINUTE',
    doc: 'Texts of one model sent upstream in a minute, by all instances on one Redis together; more wait. The free tier of the Gemini API allows 100. Default no limit.',
    schema: perMinute(),
  },
  upstreamTokensPerMinute: {
    env: 'EMBEDDING_UPSTREAM_TOKENS_PER_MINUTE',
    doc: 'Tokens of one model sent upstream in a minute, by all instances on one Redis together; more wait. The free tier of the Gemini API allows 30000. Default no limit.',
    schema: perMinute(),
  },
  warmUpFile: {
    env: 'EMBEDDING_WARMUP_FILE',
    doc: 'Texts to embed on start: JSONL ("text" or {"text": …}) or plain lines. Default none.',
    schema: z.string().min(1).optional(),
  },
});

/** Parsed values of {@link embeddingConfig}. */
export type EmbeddingConfig = ConfigOf<typeof embeddingConfig>;
