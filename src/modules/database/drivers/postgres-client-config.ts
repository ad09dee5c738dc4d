import { readFileSync } from 'node:fs';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type pg from 'pg';
import type { DatabaseConfig } from '../database.config.js';

/** A dead peer is found after this rest and ten probes a second apart. */
const KEEP_ALIVE_MS = 10_000;
/** Parameters of the URL by which node-postgres would choose TLS by itself, against the options. */
const TLS_PARAMETERS = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation', 'uselibpqcompat'];

/**
 * How a connection to `DATABASE_URL` is made. TLS is as the URL says (`?sslmode=verify-full`), or always on and verified
 * where `DATABASE_TLS_CA_FILE` or `DATABASE_TLS_SERVERNAME` is set.
 *
 * @throws Error when the file of the authority can't be read.
 */
export function postgresClientConfig({ url, tlsCaFile, tlsServername }: DatabaseConfig): pg.ClientConfig {
  const common = {
    application_name: 'larder',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
  if (tlsCaFile === undefined && tlsServername === undefined) return { ...common, connectionString: url! };
  return {
    ...common,
    connectionString: withoutTlsParameters(url!),
    ssl: {
      ...(tlsCaFile !== undefined && { ca: readFileSync(tlsCaFile, 'utf8') }),
      ...(tlsServername !== undefined && {
        checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
          checkServerIdentity(tlsServername, certificate),
      }),
    },
  };
}

function withoutTlsParameters(url: string): string {
  const parsed = new URL(url);
  for (const name of TLS_PARAMETERS) parsed.searchParams.delete(name);
  return parsed.href;
}
