import { Inject, Injectable, Logger } from '@nestjs/common';
import { ProblemException } from '../../../common/http/problems/problem.exception.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import type { Tenant } from '../embedding.types.js';
import { RequestPlanner } from '../vectors/request-planner.js';
import { ModelCatalog } from '../models/model-catalog.js';
import { pathOf, tagsOf, VectorCaches } from '../vectors/vector-caches.js';
import { VectorScanner } from '../vectors/vector-scanner.js';
import { decodeVectorRecord } from '../vectors/vector-record.js';
import type { EmbeddingLookup, EmbeddingPurge } from './embedding-admin.schemas.js';

type Owner = Pick<Tenant, 'name' | 'isIsolated'>;

/** The cached vector of a text, if there is one. */
export interface CachedText {
  readonly isCached: boolean;
  readonly key: string;
  readonly tier?: 'memory' | 'redis';
  /** Time since it was computed. */
  readonly ageSeconds?: number;
  readonly expiresInSeconds?: number;
  readonly sizeBytes?: number;
  readonly tokens?: number;
}

/** The result of a purge or of a dry run. */
export interface PurgeOutcome {
  /** Number of vectors; `undefined` when they were not counted. */
  readonly vectors: number | undefined;
  readonly status: 'applied' | 'queued' | 'dry-run';
}

/** Operations on cached vectors for operators: look up, purge. */
@Injectable()
export class EmbeddingOperations {
  private readonly logger = new Logger('EmbeddingAdmin');

  constructor(
    private readonly planner: RequestPlanner,
    private readonly catalog: ModelCatalog,
    private readonly caches: VectorCaches,
    private readonly keys: VectorScanner,
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
  ) {}

  /** Reads without loading and without counting a use of the model. */
  async lookup(lookup: EmbeddingLookup): Promise<readonly CachedText[]> {
    const { cache, keys, storedDimensions } = this.planTexts(lookup, lookup.input);
    const entries = await cache.getManyEntries(keys);
    return keys.map((key): CachedText => {
      const entry = entries.get(key);
      const record = decodeVectorRecord(entry?.value, storedDimensions);
      if (!entry || !record) return { isCached: false, key };
      return {
        isCached: true,
        key,
        tier: entry.tier,
        ageSeconds: Math.round((Date.now() - record.createdAtMs) / 1_000),
        expiresInSeconds: Math.round(entry.ttlMs / 1_000),
        sizeBytes: entry.sizeBytes,
        tokens: record.tokens,
      };
    });
  }

  /** @throws ProblemException 409 for a dry run without `input` when there is no Redis. */
  async purge({ isDryRun, input, ...collection }: EmbeddingPurge): Promise<PurgeOutcome> {
    const outcome = await (input
      ? this.purgeTexts(collection, input, isDryRun)
      : this.purgeCollection(collection, isDryRun));
    this.logger.log(
      `Purge of ${input ? 'texts' : 'a collection'}: ${outcome.status}, ${outcome.vectors ?? 'uncounted'} vectors`,
    );
    return outcome;
  }

  private async purgeTexts(
    collection: Omit<EmbeddingLookup, 'input'>,
    input: readonly string[],
    isDryRun: boolean,
  ): Promise<PurgeOutcome> {
    const { cache, keys } = this.planTexts(collection, input);
    const vectors = (await cache.getMany(keys)).size;
    return { vectors, status: isDryRun ? 'dry-run' : (await cache.delete(keys)).status };
  }

  private async purgeCollection(
    { model, tenant, namespace }: Omit<EmbeddingLookup, 'input'>,
    isDryRun: boolean,
  ): Promise<PurgeOutcome> {
    const owner = this.ownerOf(tenant);
    if (isDryRun)
      return {
        vectors: await this.count(pathOf({ tenant: owner, model: this.modelOf(model) }), namespace),
        status: 'dry-run',
      };
    const receipts = await Promise.all(
      this.collectionsOf(owner, model, namespace).map((path) => {
        const cache = this.caches.at(path);
        return namespace === undefined ? cache.clear() : cache.invalidateTags(tagsOf(namespace));
      }),
    );
    const isQueued = receipts.some(({ status }) => status === 'queued');
    return { vectors: undefined, status: isQueued ? 'queued' : 'applied' };
  }

  /** The paths to purge: of a model, of an owner with all models, or of a namespace, whose tag exists once per model. */
  private collectionsOf(tenant: Owner, model: string | undefined, namespace: string | undefined): readonly string[] {
    if (model !== undefined || namespace === undefined) return [pathOf({ tenant, model: this.modelOf(model) })];
    return this.catalog.list().map(({ id }) => pathOf({ tenant, model: id }));
  }

  /** Resolves an alias. An unknown name is allowed: vectors of a model that is no longer served are purged most often. */
  private modelOf(name: string | undefined): string | undefined {
    return name === undefined ? undefined : (this.catalog.aliases.get(name) ?? name);
  }

  private async count(path: string, namespace: string | undefined): Promise<number> {
    const found = new Set<string>();
    for await (const keys of this.keys.scan(path, namespace))
      for (const { path: at, key } of keys) found.add(`${at}:${key}`);
    return found.size;
  }

  private planTexts(
    { taskType, title, tenant, ...collection }: Omit<EmbeddingLookup, 'input'>,
    input: readonly string[],
  ) {
    const inputs = input.map((text) => ({
      parts: [text],
      ...(taskType ? { taskType } : {}),
      ...(title ? { title } : {}),
    }));
    return this.planner.plan({ ...collection, inputs, tenant: this.ownerOf(tenant) });
  }

  private ownerOf(name: string | undefined): Owner {
    if (name === undefined) return { name: 'shared', isIsolated: false };
    const tenant = this.config.apiKeys.find((key) => key.tenant.name === name)?.tenant;
    if (tenant?.isIsolated) return tenant;
    throw new ProblemException(404, { title: 'No such tenant', detail: `There is no isolated tenant named ${name}.` });
  }
}
