import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Cacheable } from '../../cache/index.js';
import { assertUsable } from '../vectors/text-plan.js';
import { ModelCatalog } from '../models/model-catalog.js';

/** Counts the tokens of texts for a model. The same texts are sent to an upstream once; the count is cached. */
@Injectable()
export class TokenCounter {
  constructor(private readonly catalog: ModelCatalog) {}

  /** @throws EmbeddingError */
  @Cacheable({
    namespace: 'embedding-tokens',
    ttl: '30d',
    key: (model, texts) => `${model}:${hash('sha256', JSON.stringify(texts), 'base64url')}`,
  })
  async count(model: string, texts: readonly string[]): Promise<number> {
    const served = this.catalog.resolve(model);
    texts.forEach((text, index) => assertUsable({ parts: [text] }, served.model, index));
    return served.provider.countTokens(served.model, texts, new AbortController().signal);
  }
}
