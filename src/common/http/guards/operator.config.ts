import { z } from 'zod';
import { type ConfigOf, defineConfig } from '../../config/define-config.js';

const TOKEN = z.string().min(16, 'must be at least 16 characters').optional();

/** Tokens of operators, and the token of the service itself. */
export const operatorConfig = defineConfig('operator', {
  serviceToken: {
    env: 'LARDER_TOKEN',
    doc: 'Token that opens everything without a token of its own: /admin, /metrics, /docs, writes of documents, and embeddings without EMBEDDING_API_KEYS. Default: a random token, made at the first start and kept in DATA_DIR.',
    schema: TOKEN,
    isSecret: true,
  },
  dataDir: {
    env: 'DATA_DIR',
    doc: 'Folder of the file `token`, which has the random token. Only the owner can read the file (mode 0600). Default .larder.',
    schema: z.string().min(1).default('.larder'),
  },
  adminToken: {
    env: 'ADMIN_TOKEN',
    doc: 'Token for /admin: `Authorization: Bearer <token>`. Default: the token of the service (LARDER_TOKEN).',
    schema: TOKEN,
    isSecret: true,
  },
  metricsToken: {
    env: 'METRICS_TOKEN',
    doc: 'Token for /metrics: `Authorization: Bearer <token>`. Default: the token of the service (LARDER_TOKEN).',
    schema: TOKEN,
    isSecret: true,
  },
});

/** Parsed values of {@link operatorConfig}. */
export type OperatorConfig = ConfigOf<typeof operatorConfig>;
