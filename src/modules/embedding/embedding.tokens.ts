/** Injects the {@link ProviderRegistry}. */
export const PROVIDERS = Symbol('embedding.providers');

/** Injects the {@link Clock} of limits, quotas and retries. */
export const CLOCK = Symbol('embedding.clock');
