/** What a text is for; Google's names. */
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

/** One thing to embed, giving one vector. */
export interface EmbeddingInput {
  /** The text. More than one part (Google's dialect only) is embedded as one content: one vector. Never empty. */
  readonly parts: readonly string[];
  /** What the text is for. Default none. */
  readonly taskType?: TaskType;
  /** The document's title; only with `RETRIEVAL_DOCUMENT`. Default none. */
  readonly title?: string;
}

/** How one request wants to use the cache. */
export interface CacheControls {
  /** Read no cached vector; what is computed replaces it (`Cache-Control: no-cache`). */
  readonly isRefresh: boolean;
  /** Store nothing (`no-store`). Cached vectors are still used. */
  readonly isNoStore: boolean;
  /** Compute nothing: a missing vector is an error (`only-if-cached`). */
  readonly isOnlyIfCached: boolean;
  /** Use no cached vector older than this (`max-age`), in milliseconds. Default any age. */
  readonly maxAgeMs?: number;
  /** Keep what is computed for this long, in milliseconds (`x-embed-ttl`). Default `EMBEDDING_TTL`. */
  readonly ttlMs?: number;
  /** A part of the cache of its own (`x-embed-namespace`), purged apart from others. Default the shared one. */
  readonly namespace?: string;
}

/** Use the cache, store what is missing. */
export const DEFAULT_CONTROLS: CacheControls = { isRefresh: false, isNoStore: false, isOnlyIfCached: false };

/** Who asks. */
export interface Tenant {
  /** Name in logs, limits and isolated keys. `local` for callers on this machine when no API keys are configured. */
  readonly name: string;
  /** Whether its vectors are kept apart from those of other tenants. */
  readonly isIsolated: boolean;
  /** Requests in a minute; `Infinity` for no limit. */
  readonly requestsPerMinute: number;
  /** Texts in a UTC day that may be computed for it (hits are free); `Infinity` for no limit. */
  readonly textsPerDay: number;
}

/** A request for vectors, in no particular dialect. */
export interface EmbeddingRequest {
  /** A model's name or alias. Default `EMBEDDING_DEFAULT_MODEL`. */
  readonly model?: string;
  readonly inputs: readonly EmbeddingInput[];
  /** Width of the vectors. Default the model's. */
  readonly dimensions?: number;
  readonly controls: CacheControls;
  readonly tenant: Tenant;
  /** When it aborts no further upstream batch is begun; one that is under way is finished and cached, as it is paid for. */
  readonly signal?: AbortSignal;
}

/** One input's vector. */
export interface TextVector {
  /** The vector as little-endian float32. Shared with the cache: not to be changed. */
  readonly bytes: Uint8Array;
  /** Tokens the provider counted, or estimated where it counts none. */
  readonly tokens: number;
}

/** Where the vectors of a request came from and what that saved. */
export interface EmbeddingUsage {
  /** Distinct texts that were cached. */
  readonly hits: number;
  /** Distinct texts this request had computed. */
  readonly misses: number;
  /** Distinct texts another request was computing at the same time, here or on another instance. */
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
  /** Whether the request would not have what is cached (`no-cache`, `max-age`). */
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
