import type { Clock } from '../../../common/clock.js';
import type { QuotaStore } from './upstream/pacing/quota-store.js';
import type { EmbeddingConfig } from '../embedding.config.js';
import type { EmbeddingProvider, ProviderName } from './embedding.provider.js';
import { createGoogleProvider } from './google/google.provider.js';
import { createLocalProvider } from './local/local.provider.js';
import { createOpenAiProvider } from './openai/openai.provider.js';

/** Makes a provider, or `undefined` when it isn't configured. */
type ProviderFactory = (
  config: EmbeddingConfig,
  clock: Clock,
  quotas: QuotaStore | null,
) => EmbeddingProvider | undefined;

/** Every provider. A missing one is a compile error. */
const providerFactories = {
  local: createLocalProvider,
  google: createGoogleProvider,
  openai: createOpenAiProvider,
} as const satisfies Record<ProviderName, ProviderFactory>;

/** The providers that are configured, by name. */
export type ProviderRegistry = ReadonlyMap<ProviderName, EmbeddingProvider>;

/** Creates the configured providers. None connects or loads before it is used. Instances share their quotas through `quotas`. */
export function createProviders(config: EmbeddingConfig, clock: Clock, quotas: QuotaStore | null): ProviderRegistry {
  const registry = new Map<ProviderName, EmbeddingProvider>();
  for (const create of Object.values<ProviderFactory>(providerFactories)) {
    const provider = create(config, clock, quotas);
    if (provider) registry.set(provider.name, provider);
  }
  return registry;
}
