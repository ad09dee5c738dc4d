import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate authority of a test's own and a certificate it signed, as PEM files in a temporary directory. */
export interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  remove(): Promise<void>;
}

/** Makes them with openssl, valid for a day. */
export async function createTlsFiles(hostname: string): Promise<TlsFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'larder-tls-'));
  const file = (name: string) => join(directory, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  await run('openssl', [
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=Test CA',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  ]);
  await run('openssl', [
    ...[
      'req',
      '-x509',
      ...key,
      '-subj',
      `/CN=${hostname}`,
      '-addext',
      `subjectAltName=DNS:${hostname}`,
      '-addext',
      'basicConstraints=CA:FALSE',
    ],
    ...['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-keyout', file('server.key'), '-out', file('server.pem')],
  ]);
  return {
    caFile: file('ca.pem'),
    certFile: file('server.pem'),
    keyFile: file('server.key'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
