import { z } from 'zod';
import { booleanText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';

/** Permission to write documents, and how documents are indexed. */
export const documentsConfig = defineConfig('documents', {
  writeToken: {
    env: 'DOCUMENTS_TOKEN',
    doc: 'Lets its bearer create, change and delete documents: `Authorization: Bearer <token>`. Default: the token of the service (LARDER_TOKEN).',
    schema: z.string().min(16, 'must be at least 16 characters').optional(),
    isSecret: true,
  },
  isIfMatchRequired: {
    env: 'DOCUMENTS_REQUIRE_IF_MATCH',
    doc: 'Whether a change or a deletion without If-Match is refused with 428, so that no write overwrites one it did not see. Default false.',
    schema: booleanText().prefault('false'),
  },
  isIndexing: {
    env: 'DOCUMENTS_INDEXING',
    doc: 'Whether this instance may make the vectors of documents, in the background; of several instances one does. Default true.',
    schema: booleanText().prefault('true'),
  },
  indexTextsPerMinute: {
    env: 'DOCUMENTS_INDEX_TEXTS_PER_MINUTE',
    doc: 'Documents whose vectors are made in a minute at most. Default no limit: indexing rests half of the time.',
    schema: z.coerce.number().int().min(1).default(Number.POSITIVE_INFINITY),
  },
});

export type DocumentsConfig = ConfigOf<typeof documentsConfig>;
