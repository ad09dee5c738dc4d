import { tokensOf, vectorOf } from './embedding-upstream.vectors.mjs';

const MODELS = {
  'gemini-embedding-2': { isTaskTypeHonoured: false },
  'gemini-embedding-001': { isTaskTypeHonoured: true },
};
const PATH = /^\/v1(?:beta)?\/models\/([^:]+):(embedContent|batchEmbedContents|countTokens)$/;

const refuse = (code, status, message, details) => ({
  status: code,
  body: { error: { code, message, status, ...(details ? { details } : {}) } },
});

/** The Gemini API's errors, as captured from it. */
export const googleFaults = {
  429: ({ retryDelay, quota = 'minute' }) =>
    refuse(429, 'RESOURCE_EXHAUSTED', `You exceeded your current quota, please check your plan and billing details.`, [
      ...(quota === 'none'
        ? []
        : [
            {
              '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
              violations: [
                {
                  quotaMetric: 'generativelanguage.googleapis.com/embed_content_free_tier_requests',
                  quotaId: `EmbedContentRequestsPer${quota === 'day' ? 'Day' : 'Minute'}PerUserPerProjectPerModel-FreeTier`,
                  quotaDimensions: { location: 'global', model: 'gemini-embedding-2' },
                  quotaValue: '100',
                },
              ],
            },
          ]),
      ...(retryDelay ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }] : []),
    ]),
  500: () => refuse(500, 'INTERNAL', 'An internal error has occurred.'),
  503: () => refuse(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
};

/** Whether a path is the Gemini API's. */
export const isGooglePath = (path) => PATH.test(path);

/** Answers a request of the Gemini API; `undefined` when it isn't one. `count` is told the texts that are computed. */
export function answerGoogle({ path, headers, query, body }, { key, count }) {
  const [, model, action] = PATH.exec(path) ?? [];
  if (!action) return undefined;
  if ((headers['x-goog-api-key'] ?? query.get('key')) !== key) {
    return refuse(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
    ]);
  }
  const known = MODELS[model];
  if (!known) return refuse(404, 'NOT_FOUND', `models/${model} is not found for API version v1beta`);
  if (action === 'countTokens') {
    const texts = body.contents.flatMap(({ parts }) => parts.map(({ text }) => text));
    return { status: 200, body: { totalTokens: texts.reduce((sum, text) => sum + tokensOf(text), 0) } };
  }
  const requests = action === 'embedContent' ? [body] : body.requests;
  if (requests.length > 100) {
    return refuse(
      400,
      'INVALID_ARGUMENT',
      '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n',
    );
  }
  for (const request of requests) {
    if (request.model !== `models/${model}`)
      return refuse(400, 'INVALID_ARGUMENT', '* BatchEmbedContentsRequest.requests[0].model: model mismatch\n');
    const text = request.content.parts.map((part) => part.text).join('');
    if (text === '') return refuse(400, 'INVALID_ARGUMENT', 'content is empty');
    if (text.includes('☠')) return refuse(400, 'INVALID_ARGUMENT', 'The input is not acceptable.');
  }
  const texts = requests.map(({ content }) => content.parts.map(({ text }) => text).join('\u0000'));
  count(texts);
  const embeddings = requests.map(({ content, taskType, title, outputDimensionality: width = 3072 }) => {
    const task = known.isTaskTypeHonoured ? { taskType, title } : {};
    // 001 answers unit vectors at its full width only.
    const isUnit = model !== 'gemini-embedding-001' || width === 3072;
    return { values: vectorOf({ model, parts: content.parts, ...task }, width, { isUnit }) };
  });
  if (action === 'embedContent') return { status: 200, body: { embedding: embeddings[0] } };
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
  const usageMetadata = { promptTokenCount: tokens, promptTokenDetails: [{ modality: 'TEXT', tokenCount: tokens }] };
  // Only the newer model counts.
  return { status: 200, body: { embeddings, ...(model === 'gemini-embedding-2' ? { usageMetadata } : {}) } };
}
