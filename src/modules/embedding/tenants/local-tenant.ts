import type { Tenant } from '../embedding.types.js';

/** The tenant of the service's own jobs, and of callers while no API keys are configured: without limits, in the shared cache. */
export const LOCAL_TENANT: Tenant = {
  name: 'local',
  isIsolated: false,
  requestsPerMinute: Number.POSITIVE_INFINITY,
  textsPerDay: Number.POSITIVE_INFINITY,
};
