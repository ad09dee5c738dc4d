import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/index.js';
import { EmbeddingModule } from '../embedding/index.js';
import { DocumentsRepository } from './database/documents.repository.js';
import { VectorsRepository } from './database/vectors.repository.js';
import { DocumentsController } from './documents.controller.js';
import { DocumentsService } from './documents.service.js';
import { DocumentSearch } from './search/document-search.js';
import { WriterGuard } from './writer.guard.js';

/** Documents: the feature to copy when you write one. `docs/guides/your-first-cached-module.md` walks through it. */
@Module({
  imports: [
    DatabaseModule.forFeature({ feature: 'documents', folder: new URL('./database/migrations/', import.meta.url) }),
    EmbeddingModule,
  ],
  controllers: [DocumentsController],
  providers: [DocumentsRepository, VectorsRepository, DocumentSearch, DocumentsService, WriterGuard],
  exports: [DocumentsService],
})
export class DocumentsModule {}
