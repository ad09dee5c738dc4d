import { Injectable } from '@nestjs/common';
import type { Tenant } from '../../embedding/index.js';
import { VectorSpacesRepository } from '../database/vector-spaces.repository.js';
import { VectorsRepository } from '../database/vectors.repository.js';
import type { SearchRequest, SearchResult } from '../documents.schemas.js';
import { DocumentEmbedder } from './document-embedder.js';
import { IndexCounter } from './index-progress.js';

/** Finds documents by meaning among those that are indexed, and says how many that are. */
@Injectable()
export class DocumentSearch {
  constructor(
    private readonly embedder: DocumentEmbedder,
    private readonly spaces: VectorSpacesRepository,
    private readonly vectors: VectorsRepository,
    private readonly counter: IndexCounter,
  ) {}

  /** @throws EmbeddingError when the question can not be embedded, or the asker's quota is used up. */
  async find({ q, limit }: SearchRequest, asker: Tenant): Promise<SearchResult> {
    const query = await this.embedder.embedQuestion(q, asker);
    const { model, dimensions } = this.embedder.space;
    const space = await this.spaces.find(model, dimensions);
    const index = await this.counter.count(space);
    return { items: space ? await this.vectors.findNearest(space, query, limit) : [], index };
  }
}
