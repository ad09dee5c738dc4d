/** Injects the {@link ProviderRegistry}. */
export const PROVIDERS = Symbol.for('larder:embedding:providers');

/** Injects the {@link Clock} of limits, quotas and retries. */
export const CLOCK = Symbol.for('larder:embedding:clock');
