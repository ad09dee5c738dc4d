import { Inject, Injectable } from '@nestjs/common';
import type { Cache } from '../../cache/index.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import type { EmbeddingInput, Tenant } from '../embedding.types.js';
import { ModelCatalog, type ServedModel } from '../models/model-catalog.js';
import { tagsOf, VectorCaches } from './vector-caches.js';
import { planTexts, type TextPlan } from './text-plan.js';

/** The part of a request that determines its vectors. */
export interface VectorQuery {
  readonly model?: string | undefined;
  readonly dimensions?: number | undefined;
  readonly inputs: readonly EmbeddingInput[];
  readonly tenant: Pick<Tenant, 'name' | 'isIsolated'>;
  readonly namespace?: string | undefined;
}

/** Where the vectors of a request are cached, and under which keys. */
export interface RequestPlan extends ServedModel, TextPlan {
  /** Width of the vectors in the answer. */
  readonly dimensions: number;
  /** Width of the cached vectors: the same, or the model's full width if narrower vectors are cut from it. */
  readonly storedDimensions: number;
  readonly cache: Cache;
  /** Tags of all its vectors; see `tagsOf`. */
  readonly tags: readonly string[];
}

/** Finds the cache and the keys for the model, width and texts of a request. */
@Injectable()
export class RequestPlanner {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly caches: VectorCaches,
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
  ) {}

  /** @throws EmbeddingError `model-not-found` or `invalid-input`. */
  plan(request: VectorQuery): RequestPlan {
    const { model, provider } = this.catalog.resolve(request.model);
    const dimensions = this.catalog.dimensionsOf(model, request.dimensions);
    const storedDimensions = this.config.isTruncationEnabled && model.isNested ? model.dimensions.max : dimensions;
    const { keys, texts } = planTexts(request.inputs, model, this.config.textNormalisation, {
      provider: provider.name,
      origin: provider.origin,
      dimensions: storedDimensions,
      namespace: request.namespace,
    });
    const cache = this.caches.of({ model: model.id, tenant: request.tenant });
    return { model, provider, dimensions, storedDimensions, keys, texts, cache, tags: tagsOf(request.namespace) };
  }
}
