import { z } from 'zod';
import { booleanText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';

/** Settings of the warm-up after start. */
export const warmUpConfig = defineConfig('warmUp', {
  isEnabled: {
    env: 'WARM_UP',
    doc: 'Fill the cache after start, in the background. Default true.',
    schema: booleanText().prefault('true'),
  },
  concurrency: {
    env: 'WARM_UP_CONCURRENCY',
    doc: 'Concurrent calls of one warmed method, unless its decorator sets a number. Default 4.',
    schema: z.coerce.number().int().min(1).default(4),
  },
  isReadinessBlocked: {
    env: 'WARM_UP_BLOCKS_READINESS',
    doc: '/health/ready answers 503 until the warm-up has ended, with or without failures. Default false.',
    schema: booleanText().prefault('false'),
  },
});

/** Parsed values of {@link warmUpConfig}. */
export type WarmUpConfig = ConfigOf<typeof warmUpConfig>;
