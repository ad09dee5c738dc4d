import { Injectable } from '@nestjs/common';
import { EmbeddingError, EmbeddingService, ModelCatalog, type Tenant } from '../../embedding/index.js';
import type { IndexedDocument, QueuedDocument } from '../database/index-queue.repository.js';

/** Characters of a text that its vector is made of; models read no more. */
const MAX_CHARACTERS = 8_000;

/** Not a caller with limits: the service itself. */
const OWN_TENANT: Tenant = { name: 'documents', isIsolated: false, requestsPerMinute: Infinity, textsPerDay: Infinity };

type TaskType = 'RETRIEVAL_QUERY' | 'RETRIEVAL_DOCUMENT';

/** Vectors of unit length for documents and questions, by the model that is configured. */
@Injectable()
export class DocumentEmbedder {
  constructor(
    private readonly embeddings: EmbeddingService,
    private readonly catalog: ModelCatalog,
  ) {}

  /** Model and width of all vectors that {@link embedQuestion} and {@link embedDocuments} give. */
  get space(): { readonly model: string; readonly dimensions: number } {
    const { model } = this.catalog.resolve();
    return { model: model.id, dimensions: this.catalog.dimensionsOf(model, undefined) };
  }

  /** The one call by which a search costs something upstream. It counts against the quota of the asker. @throws EmbeddingError */
  async embedQuestion(question: string, asker: Tenant): Promise<number[]> {
    const [vector] = await this.embed([question], 'RETRIEVAL_QUERY', asker);
    return vector!;
  }

  /**
   * A vector for each document, or the reason why its text has none: a text that the model refuses does not keep the others
   * from their vectors.
   *
   * @throws EmbeddingError for every failure that is no text's fault.
   */
  async embedDocuments(documents: readonly QueuedDocument[], signal: AbortSignal): Promise<IndexedDocument[]> {
    const texts = new Map(documents.map((document) => [document, this.textOf(document)]));
    const refused: IndexedDocument[] = [];
    while (texts.size > 0) {
      try {
        const vectors = await this.embed([...texts.values()], 'RETRIEVAL_DOCUMENT', OWN_TENANT, signal);
        return [...refused, ...[...texts.keys()].map(({ id, revision }, i) => ({ id, revision, vector: vectors[i]! }))];
      } catch (error) {
        if (!(error instanceof EmbeddingError) || error.kind !== 'invalid-input') throw error;
        const document = [...texts.keys()][error.index ?? (texts.size === 1 ? 0 : -1)];
        if (!document) throw error;
        texts.delete(document);
        refused.push({ id: document.id, revision: document.revision, problem: reasonOf(error) });
      }
    }
    return refused;
  }

  private textOf({ title, body }: QueuedDocument): string {
    const most = Math.min(MAX_CHARACTERS, this.catalog.resolve().model.maxInputChars);
    return wholeCharacters(`${title}\n\n${body}`, most);
  }

  private async embed(
    texts: readonly string[],
    taskType: TaskType,
    tenant: Tenant,
    signal?: AbortSignal,
  ): Promise<number[][]> {
    const { model, dimensions } = this.space;
    const { vectors } = await this.embeddings.embed({
      ...{ model, dimensions },
      inputs: texts.map((text) => ({ parts: [text], taskType })),
      controls: { isRefresh: false, isNoStore: false, isOnlyIfCached: false },
      tenant,
      ...(signal && { signal }),
    });
    return vectors.map(({ bytes }) => toUnit(bytes));
  }
}

/** The beginning of a text, of `most` UTF-16 units at most. A character of two units is not cut in half. */
export function wholeCharacters(text: string, most: number): string {
  if (text.length <= most) return text;
  const isCut = /[\ud800-\udbff]/.test(text[most - 1]!);
  return text.slice(0, isCut ? most - 1 : most);
}

/** An upstream names texts by their place among others, which says nothing to a reader of the document. */
function reasonOf({ message }: EmbeddingError): string {
  return `The embedding model refused the text. ${message.replace(/ ?\(text \d+\)/, '').replace(/text \d+/, 'the text')}`;
}

/** The vector of length 1 in the same direction: with such vectors the cosine is the sum of products. */
function toUnit(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const vector = Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
