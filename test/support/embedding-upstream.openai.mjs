import { tokensOf, vectorOf } from './embedding-upstream.vectors.mjs';

const WIDTHS = { 'text-embedding-3-small': 1536, 'text-embedding-3-large': 3072, 'bge-small': 384 };

const refuse = (status, message, { type = 'invalid_request_error', param = null, code = null, headers } = {}) => ({
  status,
  headers,
  body: { error: { message, type, param, code } },
});

/** OpenAI's errors. */
export const openAiFaults = {
  429: ({ retryDelay, quota }) =>
    quota === 'day'
      ? refuse(429, 'You exceeded your current quota.', { type: 'insufficient_quota', code: 'insufficient_quota' })
      : refuse(429, 'Rate limit reached.', {
          type: 'requests',
          code: 'rate_limit_exceeded',
          headers: retryDelay ? { 'retry-after-ms': String(Number.parseFloat(retryDelay) * 1_000) } : {},
        }),
  500: () => refuse(500, 'The server had an error while processing your request.', { type: 'server_error' }),
  503: () => refuse(503, 'The engine is currently overloaded.', { type: 'server_error' }),
};

/** Answers a request of OpenAI's API; `undefined` when it isn't one. `count` is told the texts that are computed. */
export function answerOpenAi({ path, headers, body }, { key, count, isBase64Known }) {
  if (path !== '/v1/embeddings') return undefined;
  if (headers.authorization !== `Bearer ${key}`)
    return refuse(401, 'Incorrect API key provided.', { code: 'invalid_api_key' });
  const full = WIDTHS[body.model];
  if (!full) return refuse(404, `The model \`${body.model}\` does not exist.`, { code: 'model_not_found' });
  const texts = typeof body.input === 'string' ? [body.input] : body.input;
  if (texts.length === 0 || texts.length > 2_048) return refuse(400, `'$.input' is invalid.`, { param: 'input' });
  if (texts.includes('')) return refuse(400, `'$.input' is invalid: empty string.`, { param: 'input' });
  if (texts.some((text) => text.includes('☠'))) return refuse(400, 'The input is not acceptable.', { param: 'input' });
  count(texts);
  const width = body.dimensions ?? full;
  const isBase64 = isBase64Known && body.encoding_format === 'base64';
  const data = texts.map((text, index) => {
    const vector = vectorOf({ model: body.model, text }, width, { isUnit: true });
    const embedding = isBase64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector;
    return { object: 'embedding', index, embedding };
  });
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
  // The protocol gives each its index; the order is nobody's promise.
  return {
    status: 200,
    body: {
      object: 'list',
      data: data.toReversed(),
      model: body.model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
  };
}
