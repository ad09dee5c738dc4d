import { createReadStream } from 'node:fs';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type WarmUpProgress, WarmUpRegistry, type WarmUpSource } from '../../warmup/index.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { EmbeddingService } from '../embedding.service.js';
import { DEFAULT_CONTROLS } from '../embedding.types.js';
import { LOCAL_TENANT } from '../tenants/local-tenant.js';
import { inGroups, readTextLines } from './text-lines.js';

const GROUP_SIZE = 100;

/** Embeds the texts of `EMBEDDING_WARMUP_FILE` after the start. Texts that are cached already cost only a look-up. */
@Injectable()
export class FileWarmUpSource implements WarmUpSource, OnModuleInit {
  readonly name = 'embeddings from EMBEDDING_WARMUP_FILE';

  constructor(
    private readonly registry: WarmUpRegistry,
    private readonly embeddings: EmbeddingService,
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
  ) {}

  onModuleInit(): void {
    if (this.config.warmUpFile !== undefined) this.registry.register(this);
  }

  async run(progress: WarmUpProgress, signal: AbortSignal): Promise<void> {
    for await (const group of inGroups(readTextLines(createReadStream(this.config.warmUpFile!)), GROUP_SIZE)) {
      if (signal.aborted) return;
      try {
        const inputs = group.map(({ text }) => ({ parts: [text] }));
        await this.embeddings.embed({ inputs, controls: DEFAULT_CONTROLS, tenant: LOCAL_TENANT, signal });
        progress.done(group.length);
      } catch (error) {
        progress.failed(error);
      }
    }
  }
}
