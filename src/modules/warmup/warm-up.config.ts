import { z } from 'zod';
import { booleanText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';

/** What happens to the cache before the first caller needs it. */
export const warmUpConfig = defineConfig('warmUp', {
  isEnabled: {
    env: 'WARM_UP',
    doc: 'Fill the cache after start, in the background. Default true.',
    schema: booleanText().prefault('true'),
  },
  concurrency: {
    env: 'WARM_UP_CONCURRENCY',
    doc: 'Calls of one warmed method that run at once, where it does not say. Default 4.',
    schema: z.coerce.number().int().min(1).default(4),
  },
  isReadinessBlocked: {
    env: 'WARM_UP_BLOCKS_READINESS',
    doc: '/health/ready answers 503 until the warm-up has ended, well or not. Default false.',
    schema: booleanText().prefault('false'),
  },
});

/** Parsed values of {@link warmUpConfig}. */
export type WarmUpConfig = ConfigOf<typeof warmUpConfig>;
