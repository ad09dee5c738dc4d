import type { SecurityHeadersOptions } from '@nestjs/common';

/** Helmet's defaults. The headers that make browsers insist on HTTPS are left out unless the service is reached by HTTPS. */
export function securityHeaders(isTls: boolean): SecurityHeadersOptions {
  return {
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: isTls, frameAncestors: ["'none'"] } },
    strictTransportSecurity: isTls,
    xFrameOptions: { action: 'deny' },
  };
}
