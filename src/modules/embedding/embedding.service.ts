import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../common/clock.js';
import { EmbeddingError } from './embedding.error.js';
import { evidenceOf } from './embedding.evidence.js';
import { EmbeddingLedger } from './embedding.ledger.js';
import { CLOCK } from './embedding.tokens.js';
import type { CacheControls, EmbeddedText, EmbeddingRequest, EmbeddingResult } from './embedding.types.js';
import { type RequestPlan, RequestPlanner } from './keys/request-planner.js';
import { VectorLoader } from './store/vector-loader.js';
import { TextQuota } from './tenants/text-quota.js';
import { fromFloat32Bytes, toFloat32Bytes } from './vector/float32-bytes.js';
import { truncate } from './vector/unit-vector.js';
import { decodeVectorRecord, type VectorRecord } from './vector/vector-record.js';

type Records = ReadonlyMap<string, VectorRecord>;

/** What is missing is counted by the load that follows. */
const LOOK = { countsMisses: false };

/**
 * Vectors for texts, computed once. Cache-aside per text: what is cached is not asked for again, equal texts of a request
 * are asked for once, and of concurrent requests, on any instance, one asks for all.
 *
 * A hit and the miss before it give the same bits: both are read from the stored form.
 */
@Injectable()
export class EmbeddingService {
  constructor(
    private readonly planner: RequestPlanner,
    private readonly loader: VectorLoader,
    private readonly quota: TextQuota,
    private readonly ledger: EmbeddingLedger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws EmbeddingError */
  async embed(request: EmbeddingRequest): Promise<EmbeddingResult> {
    const { controls } = request;
    const plan = this.planner.plan({ ...request, namespace: controls.namespace });
    const cached = await this.readCached(plan, controls);
    const { computed, own } = await this.computeMissing(plan, cached, request);

    const { model, provider, dimensions, storedDimensions } = plan;
    const vectors = plan.keys.map((key): EmbeddedText => {
      const { bytes, tokens } = cached.get(key) ?? computed.get(key)!;
      return { tokens, bytes: storedDimensions === dimensions ? bytes : narrow(bytes, dimensions) };
    });
    const totalTokens = vectors.reduce((sum, { tokens }) => sum + tokens, 0);
    const nowMs = this.clock.wallMs();
    const evidence = evidenceOf(plan, { cached, computed, own, totalTokens, nowMs, isStored: !controls.isNoStore });
    this.ledger.record(model.id, evidence);
    return { model: model.id, provider: provider.name, dimensions, vectors, totalTokens, evidence };
  }

  private async readCached(
    { cache, texts, storedDimensions }: RequestPlan,
    { isRefresh, maxAgeMs = Number.POSITIVE_INFINITY }: CacheControls,
  ): Promise<Records> {
    const found = new Map<string, VectorRecord>();
    if (isRefresh) return found;
    const oldestMs = this.clock.wallMs() - maxAgeMs;
    const unreadable: string[] = [];
    for (const [key, stored] of await cache.getMany([...texts.keys()], LOOK)) {
      const record = decodeVectorRecord(stored, storedDimensions);
      if (!record) unreadable.push(key);
      else if (record.createdAtMs >= oldestMs) found.set(key, record);
    }
    if (unreadable.length > 0) await cache.delete(unreadable);
    return found;
  }

  private async computeMissing(
    plan: RequestPlan,
    cached: Records,
    { controls, tenant, signal }: EmbeddingRequest,
  ): Promise<{ computed: Records; own: ReadonlySet<string> }> {
    const missing = new Map([...plan.texts].filter(([key]) => !cached.has(key)));
    if (missing.size === 0) return { computed: new Map(), own: new Set() };
    if (controls.isOnlyIfCached) {
      throw new EmbeddingError(
        'not-cached',
        `${missing.size} of ${plan.texts.size} distinct texts are not cached, and the request says only-if-cached.`,
      );
    }
    await this.quota.take(tenant, missing.size);
    // What was found and is too old must not be found again.
    const isReplacing = controls.isRefresh || controls.maxAgeMs !== undefined;
    const { records, own } = await this.loader.load({
      ...plan,
      dimensions: plan.storedDimensions,
      texts: missing,
      signal,
      options: {
        ...(isReplacing ? { consistency: 'refresh' } : {}),
        ...(controls.ttlMs === undefined ? {} : { ttlMs: controls.ttlMs }),
        ...(controls.isNoStore ? { shouldStore: () => false } : {}),
      },
    });
    const computed = [...records].map(
      ([key, stored]) => [key, decodeVectorRecord(stored, plan.storedDimensions)!] as const,
    );
    return { computed: new Map(computed), own };
  }
}

function narrow(bytes: Uint8Array, dimensions: number): Uint8Array {
  return toFloat32Bytes(truncate(fromFloat32Bytes(bytes), dimensions));
}
