import { Inject, Injectable } from '@nestjs/common';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { EmbeddingError } from '../embedding.error.js';
import { PROVIDERS } from '../embedding.tokens.js';
import type { EmbeddingModel, EmbeddingProvider } from '../providers/embedding.provider.js';
import type { ProviderRegistry } from '../providers/provider.registry.js';

/** A model with its provider. */
export interface ServedModel {
  readonly model: EmbeddingModel;
  readonly provider: EmbeddingProvider;
}

/** The models of this service by name and alias. A name always means one model: there is no silent fallback. */
@Injectable()
export class ModelCatalog {
  private readonly served = new Map<string, ServedModel>();
  readonly defaultModel: string;

  constructor(
    @Inject(PROVIDERS) providers: ProviderRegistry,
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
  ) {
    for (const provider of providers.values()) {
      for (const model of provider.models) {
        if (!this.served.has(model.id)) this.served.set(model.id, { model, provider });
      }
    }
    this.defaultModel = config.defaultModel ?? (providers.has('google') ? 'gemini-embedding-2' : 'local');
    for (const name of [this.defaultModel, ...config.modelAliases.values()]) {
      if (!this.served.has(name)) {
        throw new Error(
          `No provider serves the embedding model ${JSON.stringify(name)}. The models are ${this.list()
            .map(({ id }) => id)
            .join(', ')}.`,
        );
      }
    }
  }

  /** Every model, the default first. */
  list(): readonly EmbeddingModel[] {
    return [...this.served.values()]
      .map(({ model }) => model)
      .sort((a, b) => Number(b.id === this.defaultModel) - Number(a.id === this.defaultModel));
  }

  /** Other names that clients may use (`EMBEDDING_MODEL_ALIASES`). */
  get aliases(): ReadonlyMap<string, string> {
    return this.config.modelAliases;
  }

  /** @throws EmbeddingError `model-not-found`. */
  resolve(name: string = this.defaultModel): ServedModel {
    const served = this.served.get(this.config.modelAliases.get(name) ?? name);
    if (served) return served;
    throw new EmbeddingError(
      'model-not-found',
      `The model \`${name.slice(0, 100)}\` does not exist or you do not have access to it.`,
      {
        param: 'model',
      },
    );
  }

  /** The width of an answer. @throws EmbeddingError `invalid-input` for a width the model doesn't have. */
  dimensionsOf(model: EmbeddingModel, requested: number | undefined): number {
    const { min, max } = model.dimensions;
    if (requested === undefined) return this.defaultDimensionsOf(model);
    if (requested >= min && requested <= max) return requested;
    const range = min === max ? `${max}` : `${min} to ${max}`;
    throw new EmbeddingError('invalid-input', `The model ${model.id} answers ${range} dimensions, not ${requested}.`, {
      param: 'dimensions',
    });
  }

  private defaultDimensionsOf({ dimensions }: EmbeddingModel): number {
    const { dimensions: preferred } = this.config;
    return preferred !== undefined && preferred >= dimensions.min && preferred <= dimensions.max
      ? preferred
      : dimensions.default;
  }
}
