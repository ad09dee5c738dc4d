import { Inject, Injectable } from '@nestjs/common';
import { isLoopbackHost } from '../../../common/http/guards/keyless-caller.js';
import { ServiceToken } from '../../../common/http/guards/service-token.js';
import { type HttpConfig, httpConfig } from '../../../common/http/http.config.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { PROVIDERS } from '../embedding.tokens.js';
import type { ProviderRegistry } from '../providers/provider.registry.js';

/**
 * What a client has to send for an embedding:
 * - `api-key`: one of `EMBEDDING_API_KEYS`, where there are some;
 * - `service-token`: the token of the service as its API key, where an upstream may cost money or other machines reach the
 *   service;
 * - `nothing`: on a loopback listener with the local model alone, which costs nothing.
 */
export type KeyPolicyKind = 'api-key' | 'service-token' | 'nothing';

/** Which keys the gateway asks for; it follows from the configuration. */
@Injectable()
export class KeyPolicy {
  readonly kind: KeyPolicyKind;

  constructor(
    @Inject(embeddingConfig.KEY) { apiKeys }: EmbeddingConfig,
    @Inject(httpConfig.KEY) { host }: HttpConfig,
    @Inject(PROVIDERS) providers: ProviderRegistry,
    private readonly serviceToken: ServiceToken,
  ) {
    const isFree = [...providers.keys()].every((name) => name === 'local');
    if (apiKeys.length > 0) this.kind = 'api-key';
    else this.kind = isFree && isLoopbackHost(host) ? 'nothing' : 'service-token';
  }

  /** The key of the tenant `local`, which has no limits. It opens nothing where API keys are configured. */
  get serviceKey(): string {
    return this.serviceToken.value;
  }
}
