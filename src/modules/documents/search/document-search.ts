import { Injectable } from '@nestjs/common';
import { EmbeddingService } from '../../embedding/index.js';
import { VectorsRepository } from '../database/vectors.repository.js';
import type { SearchRequest, SearchResult } from '../documents.schemas.js';

/** Documents embedded by one search at most; who has more searches again. */
const MAX_INDEXED = 256;

/** Characters of a text that its vector is made of; models read no more. */
const MAX_CHARACTERS = 8_000;

/** Not a caller with limits: the service itself. */
const OWN_TENANT = { name: 'documents', isIsolated: false, requestsPerMinute: Infinity, textsPerDay: Infinity };

/**
 * Finds documents by meaning. Vectors are made at the first search after a write, all new ones in one batch, and come
 * from the embedding cache where the same text was embedded before; so writing never waits for a model.
 */
@Injectable()
export class DocumentSearch {
  constructor(
    private readonly embeddings: EmbeddingService,
    private readonly vectors: VectorsRepository,
  ) {}

  /** @throws EmbeddingError when the model can't be reached. */
  async find({ q, limit }: SearchRequest): Promise<SearchResult> {
    const { model, vectors } = await this.embed([q], 'RETRIEVAL_QUERY');
    const notYetIndexed = await this.index(model);
    return { items: await this.vectors.findNearest(model, vectors[0]!, limit), notYetIndexed };
  }

  /** Embeds what is new; gives how many documents are left. */
  private async index(model: string): Promise<number> {
    const { documents, remaining } = await this.vectors.findUnindexed(model, MAX_INDEXED);
    if (documents.length === 0) return 0;
    const texts = documents.map(({ title, body }) => `${title}\n\n${body}`.slice(0, MAX_CHARACTERS));
    const { vectors } = await this.embed(texts, 'RETRIEVAL_DOCUMENT', model);
    await this.vectors.save(
      model,
      documents.map(({ id, version }, i) => ({ documentId: id, version, vector: vectors[i]! })),
    );
    return remaining;
  }

  private async embed(texts: readonly string[], taskType: 'RETRIEVAL_QUERY' | 'RETRIEVAL_DOCUMENT', model?: string) {
    const { model: used, vectors } = await this.embeddings.embed({
      ...(model !== undefined && { model }),
      inputs: texts.map((text) => ({ parts: [text], taskType })),
      controls: { isRefresh: false, isNoStore: false, isOnlyIfCached: false },
      tenant: OWN_TENANT,
    });
    return { model: used, vectors: vectors.map(({ bytes }) => toUnit(bytes)) };
  }
}

/** The vector of length 1 in the same direction: with such vectors the cosine is the sum of products. */
function toUnit(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const vector = Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
