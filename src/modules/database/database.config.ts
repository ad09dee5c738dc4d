import { z } from 'zod';
import { durationText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';

/** Address and limits of the database. */
export const databaseConfig = defineConfig('database', {
  url: {
    env: 'DATABASE_URL',
    doc: 'PostgreSQL (postgres://user:password@host:5432/name). Default: none, an embedded PGlite is used.',
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
      .optional(),
    isSecret: true,
  },
  tlsCaFile: {
    env: 'DATABASE_TLS_CA_FILE',
    doc: 'PEM file with the authority that signed the certificate of PostgreSQL; TLS is then required and verified. Default: as DATABASE_URL says (?sslmode=verify-full), with the authorities of the system.',
    schema: z.string().optional(),
  },
  tlsServername: {
    env: 'DATABASE_TLS_SERVERNAME',
    doc: 'Name that the certificate of PostgreSQL must carry, where it is not the host in the URL; TLS is then required. Default: the host.',
    schema: z.string().optional(),
  },
  poolSize: {
    env: 'DATABASE_POOL_SIZE',
    doc: 'Largest number of connections to PostgreSQL, per instance. Default 10.',
    schema: z.coerce.number().int().min(1).max(1_000).default(10),
  },
  dir: {
    env: 'DATABASE_DIR',
    doc: 'Data directory of the embedded PGlite; memory:// stores nothing on disk. Default .larder/pglite.',
    schema: z.string().min(1).default('.larder/pglite'),
  },
  connectTimeoutMs: {
    env: 'DATABASE_CONNECT_TIMEOUT',
    doc: 'How long a query waits for a connection, then fails with 503; also how long the database may take to answer a rollback or a sign of life. Default 3s.',
    schema: durationText().prefault('3s'),
  },
  statementTimeoutMs: {
    env: 'DATABASE_STATEMENT_TIMEOUT',
    doc: 'A statement or a commit that takes longer is ended: 503. Default 30s.',
    schema: durationText().prefault('30s'),
  },
});

export type DatabaseConfig = ConfigOf<typeof databaseConfig>;
