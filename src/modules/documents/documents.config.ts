import { z } from 'zod';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';

/** Who may write documents. */
export const documentsConfig = defineConfig('documents', {
  writeToken: {
    env: 'DOCUMENTS_TOKEN',
    doc: 'Lets its bearer create, change and delete documents: `Authorization: Bearer <token>`. Default none: on this machine only.',
    schema: z.string().min(16, 'must be at least 16 characters').optional(),
    isSecret: true,
  },
});

export type DocumentsConfig = ConfigOf<typeof documentsConfig>;
