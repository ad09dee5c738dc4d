import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../common/clock.js';
import type { Cache } from '../cache/index.js';
import { type EmbeddingConfig, embeddingConfig } from './embedding.config.js';
import { EmbeddingError } from './embedding.error.js';
import { EmbeddingLedger } from './embedding.ledger.js';
import { CLOCK } from './embedding.tokens.js';
import type {
  CacheControls,
  EmbeddedText,
  EmbeddingEvidence,
  EmbeddingRequest,
  EmbeddingResult,
} from './embedding.types.js';
import { planTexts, type TextPlan } from './keys/text-plan.js';
import { ModelCatalog, type ServedModel } from './models/model-catalog.js';
import type { EmbeddingModel } from './providers/embedding.provider.js';
import { VectorCaches } from './store/vector-caches.js';
import { VectorLoader } from './store/vector-loader.js';
import { TextQuota } from './tenants/text-quota.js';
import { fromFloat32Bytes, toFloat32Bytes } from './vector/float32-bytes.js';
import { truncate } from './vector/unit-vector.js';
import { decodeVectorRecord, type VectorRecord } from './vector/vector-record.js';

/**
 * Vectors for texts, computed once. Cache-aside per text: what is cached is not asked for again, equal texts of a request
 * are asked for once, and of concurrent requests, on any instance, one asks for all.
 *
 * A hit and the miss before it give the same bits: both are read from the stored form.
 */
@Injectable()
export class EmbeddingService {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly caches: VectorCaches,
    private readonly loader: VectorLoader,
    private readonly quota: TextQuota,
    private readonly ledger: EmbeddingLedger,
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws EmbeddingError */
  async embed(request: EmbeddingRequest): Promise<EmbeddingResult> {
    const served = this.catalog.resolve(request.model);
    const dimensions = this.catalog.dimensionsOf(served.model, request.dimensions);
    const storedDimensions =
      this.config.isTruncationEnabled && served.model.isNested ? served.model.dimensions.max : dimensions;
    const plan = planTexts(request.inputs, served.model, this.config.textNormalisation, {
      provider: served.provider.name,
      origin: served.provider.origin,
      dimensions: storedDimensions,
      namespace: request.controls.namespace ?? '',
    });
    const cache = this.caches.of(served.model.id, request.tenant);
    const cached = await this.readCached(cache, plan, storedDimensions, request.controls);
    const computed = await this.computeMissing(cache, plan, cached, storedDimensions, served, request);

    const vectors = plan.keys.map((key): EmbeddedText => {
      const { bytes, tokens } = cached.get(key) ?? computed.records.get(key)!;
      return { tokens, bytes: storedDimensions === dimensions ? bytes : narrow(bytes, dimensions) };
    });
    const totalTokens = vectors.reduce((sum, { tokens }) => sum + tokens, 0);
    const evidence = evidenceOf(
      plan,
      cached,
      computed,
      totalTokens,
      served.model,
      request.controls,
      this.clock.wallMs(),
    );
    this.ledger.record(served.model.id, evidence);
    return { model: served.model.id, provider: served.provider.name, dimensions, vectors, totalTokens, evidence };
  }

  private async readCached(
    cache: Cache,
    { texts }: TextPlan,
    dimensions: number,
    { isRefresh, maxAgeMs = Number.POSITIVE_INFINITY }: CacheControls,
  ): Promise<Map<string, VectorRecord>> {
    const found = new Map<string, VectorRecord>();
    if (isRefresh) return found;
    const oldestMs = this.clock.wallMs() - maxAgeMs;
    const unreadable: string[] = [];
    for (const [key, stored] of await cache.getMany([...texts.keys()])) {
      const record = decodeVectorRecord(stored, dimensions);
      if (!record) unreadable.push(key);
      else if (record.createdAtMs >= oldestMs) found.set(key, record);
    }
    if (unreadable.length > 0) await cache.delete(unreadable);
    return found;
  }

  private async computeMissing(
    cache: Cache,
    { texts }: TextPlan,
    cached: ReadonlyMap<string, VectorRecord>,
    dimensions: number,
    served: ServedModel,
    { controls, tenant, signal }: EmbeddingRequest,
  ): Promise<ComputedRecords> {
    const missing = new Map([...texts].filter(([key]) => !cached.has(key)));
    if (missing.size === 0) return { records: new Map(), own: new Set() };
    if (controls.isOnlyIfCached) {
      throw new EmbeddingError(
        'not-cached',
        `${missing.size} of ${texts.size} distinct texts are not cached, and the request says only-if-cached.`,
      );
    }
    await this.quota.take(tenant, missing.size);
    // What was found and is too old must not be found again.
    const isReplacing = controls.isRefresh || controls.maxAgeMs !== undefined;
    const { records, own } = await this.loader.load({
      ...served,
      cache,
      dimensions,
      texts: missing,
      signal,
      options: {
        ...(isReplacing ? { consistency: 'refresh' } : {}),
        ...(controls.ttlMs === undefined ? {} : { ttlMs: controls.ttlMs }),
        ...(controls.namespace === undefined ? {} : { tags: [namespaceTag(controls.namespace)] }),
        ...(controls.isNoStore ? { shouldStore: () => false } : {}),
      },
    });
    const decoded = [...records].map(([key, stored]) => [key, decodeVectorRecord(stored, dimensions)!] as const);
    return { records: new Map(decoded), own };
  }
}

/** Tag of every vector a caller put into a namespace, so that it can be purged. */
export function namespaceTag(namespace: string): string {
  return `namespace:${namespace}`;
}

interface ComputedRecords {
  readonly records: ReadonlyMap<string, VectorRecord>;
  readonly own: ReadonlySet<string>;
}

function evidenceOf(
  { keys, texts }: TextPlan,
  cached: ReadonlyMap<string, VectorRecord>,
  { records, own }: ComputedRecords,
  totalTokens: number,
  { usdPerMillionTokens }: EmbeddingModel,
  { isNoStore }: CacheControls,
  nowMs: number,
): EmbeddingEvidence {
  const tokensBilled = [...own].reduce((sum, key) => sum + (records.get(key)?.tokens ?? 0), 0);
  const tokensSaved = totalTokens - tokensBilled;
  const oldestMs = [...cached.values()].reduce(
    (oldest, { createdAtMs }) => Math.min(oldest, createdAtMs),
    Number.POSITIVE_INFINITY,
  );
  return {
    hits: cached.size,
    misses: own.size,
    coalesced: texts.size - cached.size - own.size,
    deduplicated: keys.length - texts.size,
    ageMs: cached.size === 0 ? undefined : Math.max(0, nowMs - oldestMs),
    tokensBilled,
    tokensSaved,
    usdBilled: (tokensBilled / 1e6) * usdPerMillionTokens,
    usdSaved: (tokensSaved / 1e6) * usdPerMillionTokens,
    isStored: own.size > 0 && !isNoStore,
  };
}

function narrow(bytes: Uint8Array, dimensions: number): Uint8Array {
  return toFloat32Bytes(truncate(fromFloat32Bytes(bytes), dimensions));
}
