/** How connections to Redis behave. Every field has a default. */
export interface ConnectionSettings {
  /** First part of every connection's name in `CLIENT LIST`. Default `'larder'`. */
  name: string;
  /** For TCP and TLS to be set up, ms. Default 1,000. */
  connectTimeoutMs: number;
  /** A command without a reply is given up after this, ms; it may still run there. Default 1,000, five times that on the bulk lane. */
  commandTimeoutMs: number;
  /** A connection that owes replies and sent nothing for this long is dead and is replaced, ms. Default 1,000. */
  socketTimeoutMs: number;
  /** Idle time before TCP keep-alive probes, ms. Default 5,000. */
  keepAliveMs: number;
  /** Commands waiting for their reply on one connection; more fail at once. Default 10,000. */
  maxPending: number;
  /** Longest pause between two tries to connect, ms. The probe's connection, which wakes the others, tries at least every 500. Default 5,000. */
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
