import type { ErrorDialect } from '../../../common/http/problems/error-dialects.js';
import { renderGoogleError } from './google/google-error.js';
import { isGoogleRequest } from './is-google-request.js';
import { renderOpenAiError } from './openai/openai-error.js';

/** Renders errors of the gateway's paths in the format of the API that the caller uses. */
export const embeddingErrorDialects: readonly ErrorDialect[] = ['/v1/', '/v1beta/'].map((pathPrefix) => ({
  pathPrefix,
  render: (error, request) => (isGoogleRequest(request) ? renderGoogleError(error) : renderOpenAiError(error)),
}));
