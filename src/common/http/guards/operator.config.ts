import { z } from 'zod';
import { type ConfigOf, defineConfig } from '../../config/define-config.js';

const TOKEN = z.string().min(16, 'must be at least 16 characters').optional();

/** Tokens of operators. */
export const operatorConfig = defineConfig('operator', {
  adminToken: {
    env: 'ADMIN_TOKEN',
    doc: 'Token for /admin: `Authorization: Bearer <token>`. Default none: /admin can be read on this machine only, and nothing can be changed.',
    schema: TOKEN,
    isSecret: true,
  },
  metricsToken: {
    env: 'METRICS_TOKEN',
    doc: 'Token for /metrics: `Authorization: Bearer <token>`. Default none: /metrics can be read on this machine only.',
    schema: TOKEN,
    isSecret: true,
  },
});

/** Parsed values of {@link operatorConfig}. */
export type OperatorConfig = ConfigOf<typeof operatorConfig>;
