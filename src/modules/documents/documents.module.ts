import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/index.js';
import { EmbeddingModule } from '../embedding/index.js';
import { DocumentsRepository } from './database/documents.repository.js';
import { FacetsRepository } from './database/facets.repository.js';
import { IndexQueueRepository } from './database/index-queue.repository.js';
import { NearestIndex } from './database/nearest-index.js';
import { VectorSpacesRepository } from './database/vector-spaces.repository.js';
import { VectorsRepository } from './database/vectors.repository.js';
import { DocumentsController } from './documents.controller.js';
import { DocumentsService } from './documents.service.js';
import { DocumentEmbedder } from './search/document-embedder.js';
import { DocumentIndexer } from './search/document-indexer.js';
import { DocumentSearch } from './search/document-search.js';
import { IndexCounter } from './search/index-progress.js';
import { WriterGuard } from './writer.guard.js';

/** Documents: the feature to copy when you write one. `docs/guides/your-first-cached-module.md` walks through it. */
@Module({
  imports: [
    DatabaseModule.forFeature({ feature: 'documents', folder: new URL('./database/migrations/', import.meta.url) }),
    EmbeddingModule,
  ],
  controllers: [DocumentsController],
  providers: [
    DocumentEmbedder,
    DocumentIndexer,
    DocumentSearch,
    DocumentsRepository,
    DocumentsService,
    FacetsRepository,
    IndexCounter,
    IndexQueueRepository,
    NearestIndex,
    VectorSpacesRepository,
    VectorsRepository,
    WriterGuard,
  ],
  exports: [DocumentIndexer, DocumentsService],
})
export class DocumentsModule {}
