/** Tasks of a text, by Google's names. */
export const TASK_TYPES = [
  'RETRIEVAL_QUERY',
  'RETRIEVAL_DOCUMENT',
  'SEMANTIC_SIMILARITY',
  'CLASSIFICATION',
  'CLUSTERING',
  'QUESTION_ANSWERING',
  'FACT_VERIFICATION',
  'CODE_RETRIEVAL_QUERY',
] as const;

/** See {@link TASK_TYPES}. */
export type TaskType = (typeof TASK_TYPES)[number];

/** The input of one vector. */
export interface EmbeddingInput {
  /** The text. More than one part (Google's dialect only) is embedded as one content: one vector. Never empty. */
  readonly parts: readonly string[];
  /** The task of the text. Default none. */
  readonly taskType?: TaskType;
  /** The document's title; only with `RETRIEVAL_DOCUMENT`. Default none. */
  readonly title?: string;
}

/** How one request wants to use the cache. */
export interface CacheControls {
  /** Read no cached vector; the computed one replaces it (`Cache-Control: no-cache`). */
  readonly isRefresh: boolean;
  /** Store nothing (`no-store`). Cached vectors are still used. */
  readonly isNoStore: boolean;
  /** Compute nothing: a missing vector is an error (`only-if-cached`). */
  readonly isOnlyIfCached: boolean;
  /** Use no cached vector older than this (`max-age`), in milliseconds. Default any age. */
  readonly maxAgeMs?: number;
  /** Ttl of computed vectors, in milliseconds (`x-embed-ttl`). Default `EMBEDDING_TTL`. */
  readonly ttlMs?: number;
  /** A separate part of the cache (`x-embed-namespace`) that can be purged by itself. Default none. */
  readonly namespace?: string;
}

/** Use cached vectors, and store computed ones. */
export const DEFAULT_CONTROLS: CacheControls = { isRefresh: false, isNoStore: false, isOnlyIfCached: false };

/** A client of the gateway, with its limits. */
export interface Tenant {
  /** Name in logs, limits and isolated keys. `local` for callers on this machine when no API keys are configured. */
  readonly name: string;
  /** Whether its vectors are stored apart from those of other tenants. */
  readonly isIsolated: boolean;
  /** Requests in a minute; `Infinity` for no limit. */
  readonly requestsPerMinute: number;
  /** Texts computed for it per UTC day (hits are free); `Infinity` for no limit. */
  readonly textsPerDay: number;
}

/** A request for vectors, independent of a dialect. */
export interface EmbeddingRequest {
  /** A model's name or alias. Default `EMBEDDING_DEFAULT_MODEL`. */
  readonly model?: string;
  readonly inputs: readonly EmbeddingInput[];
  /** Width of the vectors. Default the model's. */
  readonly dimensions?: number;
  readonly controls: CacheControls;
  readonly tenant: Tenant;
  /** When it aborts, no further upstream batch is begun. A running batch is finished and cached, because it is paid for. */
  readonly signal?: AbortSignal;
}

/** One input's vector. */
export interface TextVector {
  /** The vector as little-endian float32. Shared with the cache: do not change it. */
  readonly bytes: Uint8Array;
  /** Tokens counted by the provider, or an estimate for a provider that doesn't count. */
  readonly tokens: number;
}

/** Sources, cost and savings of the vectors of a request. */
export interface EmbeddingUsage {
  /** Distinct texts found in the cache. */
  readonly hits: number;
  /** Distinct texts computed for this request. */
  readonly misses: number;
  /** Distinct texts that another request computed at the same time, here or on another instance. */
  readonly coalesced: number;
  /** Repetitions within the request. */
  readonly deduplicated: number;
  /** Age of the oldest cached vector, in milliseconds; `undefined` without hits. */
  readonly ageMs: number | undefined;
  readonly tokensBilled: number;
  readonly tokensSaved: number;
  /** At the model's list price. */
  readonly usdBilled: number;
  readonly usdSaved: number;
  /** Whether what was computed is kept. */
  readonly isStored: boolean;
  /** Whether the request asked not to use cached vectors (`no-cache`, `max-age`). */
  readonly isForced: boolean;
}

/** The answer to an {@link EmbeddingRequest}. */
export interface EmbeddingResult {
  /** The model's own name, aliases resolved. */
  readonly model: string;
  readonly provider: string;
  readonly dimensions: number;
  /** In the order of the request's inputs. */
  readonly vectors: readonly TextVector[];
  /** Sum over all inputs, cached or not. */
  readonly totalTokens: number;
  readonly usage: EmbeddingUsage;
}
