import { z } from 'zod';
import { type ConfigOf, defineConfig } from '../../config/define-config.js';

const TOKEN = z.string().min(16, 'must be at least 16 characters').optional();

/** Who may operate the service. */
export const operatorConfig = defineConfig('operator', {
  adminToken: {
    env: 'ADMIN_TOKEN',
    doc: 'Opens /admin: `Authorization: Bearer <token>`. Default none: readable on this machine only, and nothing can be changed.',
    schema: TOKEN,
    isSecret: true,
  },
  metricsToken: {
    env: 'METRICS_TOKEN',
    doc: 'Opens /metrics: `Authorization: Bearer <token>`. Default none: on this machine only.',
    schema: TOKEN,
    isSecret: true,
  },
});

/** Parsed values of {@link operatorConfig}. */
export type OperatorConfig = ConfigOf<typeof operatorConfig>;
