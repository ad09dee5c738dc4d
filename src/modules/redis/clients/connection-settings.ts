/** Settings of connections to Redis. Every field has a default. */
export interface ConnectionSettings {
  /** First part of every connection's name in `CLIENT LIST`. Default `'larder'`. */
  name: string;
  /** Time to set up TCP and TLS, ms. Default 1,000. */
  connectTimeoutMs: number;
  /** A command without a reply fails after this time, ms; Redis may still run it. Default 1,000, five times as long on the bulk lane. */
  commandTimeoutMs: number;
  /** A connection with pending replies that receives nothing for this long is replaced, ms. Default 1,000. */
  socketTimeoutMs: number;
  /** Idle time before TCP keep-alive probes, ms. Default 5,000. */
  keepAliveMs: number;
  /** Commands waiting for a reply on one connection; further ones fail at once. Default 10,000. */
  maxPending: number;
  /** Longest pause between two attempts to connect, ms. The connection of the probe, which wakes the others, tries at least every 500. Default 5,000. */
  maxRetryDelayMs: number;
}

/** The defaults, measured in outages of every kind: see `docs/guides/redis.md`. */
export const DEFAULT_CONNECTION_SETTINGS: ConnectionSettings = {
  name: 'larder',
  connectTimeoutMs: 1_000,
  commandTimeoutMs: 1_000,
  socketTimeoutMs: 1_000,
  keepAliveMs: 5_000,
  maxPending: 10_000,
  maxRetryDelayMs: 5_000,
};
