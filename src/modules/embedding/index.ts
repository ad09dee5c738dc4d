export { embeddingConfig, type EmbeddingConfig } from './embedding.config.js';
export { EmbeddingError, type EmbeddingErrorKind } from './embedding.error.js';
export { type ModelTotals, UsageTotals } from './usage/usage-totals.js';
export { EmbeddingModule } from './embedding.module.js';
export { EmbeddingService } from './embedding.service.js';
export type { EmbeddingRequest, EmbeddingResult } from './embedding.types.js';
export { ModelCatalog } from './models/model-catalog.js';
