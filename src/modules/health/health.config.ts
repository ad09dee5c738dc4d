import { booleanText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';

/** Settings of the probes. */
export const healthConfig = defineConfig('health', {
  isRedisRequired: {
    env: 'HEALTH_REDIS_REQUIRED',
    doc: '/health/ready answers 503 while Redis is not available, instead of serving from memory. Default false.',
    schema: booleanText().prefault('false'),
  },
  isDatabaseRequired: {
    env: 'HEALTH_DATABASE_REQUIRED',
    doc: '/health/ready answers 503 while the database can not serve, instead of 200 with degraded and the reason. One that was never reached since the start is 503 in any case. Default false.',
    schema: booleanText().prefault('false'),
  },
});

/** Parsed values of {@link healthConfig}. */
export type HealthConfig = ConfigOf<typeof healthConfig>;
