import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../common/clock.js';
import type { LoadManyOptions } from '../cache/index.js';
import { EmbeddingError } from './embedding.error.js';
import { usageOf } from './usage/usage-report.js';
import { UsageTotals } from './usage/usage-totals.js';
import { CLOCK } from './embedding.tokens.js';
import type { CacheControls, TextVector, EmbeddingRequest, EmbeddingResult } from './embedding.types.js';
import { type RequestPlan, RequestPlanner } from './vectors/request-planner.js';
import { VectorLoader } from './vectors/vector-loader.js';
import { TextQuota } from './tenants/text-quota.js';
import { fromFloat32Bytes, toFloat32Bytes } from './numbers/float32-bytes.js';
import { truncate } from './numbers/unit-vector.js';
import { decodeVectorRecord, type VectorRecord } from './vectors/vector-record.js';

type Records = ReadonlyMap<string, VectorRecord>;

/** The cached vectors of a request. */
interface CachedVectors {
  readonly cached: Records;
  /** Keys to compute again although they may be cached. */
  readonly outdated: ReadonlySet<string>;
}

/** The load that follows counts the misses. */
const LOOK_UP_OPTIONS = { countsMisses: false };

/**
 * Vectors for texts, computed once (cache-aside per text). Cached texts are not sent upstream again, equal texts of a
 * request are sent once, and of concurrent requests on all instances one sends a text for all.
 *
 * A hit and the miss before it give the same bits, because both are read from the stored form.
 */
@Injectable()
export class EmbeddingService {
  constructor(
    private readonly planner: RequestPlanner,
    private readonly loader: VectorLoader,
    private readonly quota: TextQuota,
    private readonly usageTotals: UsageTotals,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws EmbeddingError */
  async embed(request: EmbeddingRequest): Promise<EmbeddingResult> {
    const { controls } = request;
    const plan = this.planner.plan({ ...request, namespace: controls.namespace });
    const { cached, outdated } = await this.readCached(plan, controls);
    const { computed, own } = await this.computeMissing(plan, cached, outdated, request);

    const { model, provider, dimensions, storedDimensions } = plan;
    const vectors = plan.keys.map((key): TextVector => {
      const { bytes, tokens } = cached.get(key) ?? computed.get(key)!;
      return { tokens, bytes: storedDimensions === dimensions ? bytes : narrow(bytes, dimensions) };
    });
    const totalTokens = vectors.reduce((sum, { tokens }) => sum + tokens, 0);
    const nowMs = this.clock.wallMs();
    const isForced = outdated.size > 0;
    const isStored = !controls.isNoStore;
    const usage = usageOf(plan, { cached, computed, own, totalTokens, nowMs, isStored, isForced });
    this.usageTotals.record(model.id, usage);
    return { model: model.id, provider: provider.name, dimensions, vectors, totalTokens, usage };
  }

  private async readCached(
    { cache, texts, storedDimensions }: RequestPlan,
    { isRefresh, maxAgeMs = Number.POSITIVE_INFINITY }: CacheControls,
  ): Promise<CachedVectors> {
    const cached = new Map<string, VectorRecord>();
    if (isRefresh) return { cached, outdated: new Set(texts.keys()) };
    const outdated = new Set<string>();
    const unreadable: string[] = [];
    const oldestMs = this.clock.wallMs() - maxAgeMs;
    for (const [key, stored] of await cache.getMany([...texts.keys()], LOOK_UP_OPTIONS)) {
      const record = decodeVectorRecord(stored, storedDimensions);
      if (!record) unreadable.push(key);
      else if (record.createdAtMs >= oldestMs) cached.set(key, record);
      else outdated.add(key);
    }
    if (unreadable.length > 0) await cache.delete(unreadable);
    return { cached, outdated };
  }

  private async computeMissing(
    plan: RequestPlan,
    cached: Records,
    outdated: ReadonlySet<string>,
    { controls, tenant, signal }: EmbeddingRequest,
  ): Promise<{ computed: Records; own: ReadonlySet<string> }> {
    const missing = [...plan.texts].filter(([key]) => !cached.has(key));
    const paid = new Map<string, VectorRecord>();
    if (missing.length === 0) return { computed: paid, own: new Set() };
    if (controls.isOnlyIfCached) {
      throw new EmbeddingError(
        'not-cached',
        `${missing.length} of ${plan.texts.size} distinct texts are not cached, and the request has the directive only-if-cached.`,
      );
    }
    const refund = await this.quota.take(tenant, missing.length);
    const options: LoadManyOptions<Uint8Array> = {
      tags: plan.tags,
      ...(controls.ttlMs === undefined ? {} : { ttlMs: controls.ttlMs }),
      ...(controls.isNoStore ? { shouldStore: () => false } : {}),
    };
    const load = (isOutdated: boolean, more: LoadManyOptions<Uint8Array>) =>
      this.loader.load({
        ...plan,
        dimensions: plan.storedDimensions,
        texts: new Map(missing.filter(([key]) => outdated.has(key) === isOutdated)),
        signal,
        options: { ...options, ...more },
        onComputed: (records) => {
          for (const [key, record] of toVectors(records, plan)) paid.set(key, record);
        },
      });
    try {
      // Outdated texts must not be read from the cache again. The others are shared with concurrent requests.
      const shared = await load(false, {});
      const anew = await load(true, { consistency: 'refresh' });
      const computed = new Map([...toVectors(shared, plan), ...toVectors(anew, plan)]);
      return { computed, own: new Set(paid.keys()) };
    } catch (error) {
      this.recordFailed(plan, paid);
      throw error;
    } finally {
      await refund(missing.length - paid.size);
    }
  }

  /** A request that fails has still paid for the vectors computed before. */
  private recordFailed({ model }: RequestPlan, paid: Records): void {
    const own = new Set(paid.keys());
    const totalTokens = [...paid.values()].reduce((sum, { tokens }) => sum + tokens, 0);
    const texts = { keys: [...own], texts: paid, model };
    const answered = { cached: new Map(), computed: paid, own, totalTokens, isStored: true, isForced: false, nowMs: 0 };
    this.usageTotals.record(model.id, usageOf(texts, answered));
  }
}

/** Decodes loaded records. */
function toVectors(
  records: ReadonlyMap<string, Uint8Array>,
  { storedDimensions }: RequestPlan,
): Map<string, VectorRecord> {
  return new Map([...records].map(([key, stored]) => [key, decodeVectorRecord(stored, storedDimensions)!]));
}

function narrow(bytes: Uint8Array, dimensions: number): Uint8Array {
  return toFloat32Bytes(truncate(fromFloat32Bytes(bytes), dimensions));
}
