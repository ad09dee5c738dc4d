import type { SecurityHeadersOptions } from '@nestjs/common';

/** Helmet's defaults, without what tells browsers to insist on HTTPS where the service is not reached by it. */
export function securityHeaders(isTls: boolean): SecurityHeadersOptions {
  return {
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: isTls, frameAncestors: ["'none'"] } },
    strictTransportSecurity: isTls,
    xFrameOptions: { action: 'deny' },
  };
}
