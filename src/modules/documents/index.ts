export { DocumentIndexer } from './search/document-indexer.js';
export { DocumentsModule } from './documents.module.js';
export { DocumentsService } from './documents.service.js';
export type { IndexProgress } from './search/index-progress.js';
