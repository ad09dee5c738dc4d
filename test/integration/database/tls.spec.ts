import { chmod, chown, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { DatabaseConnection } from '../../../src/modules/database/index.js';
import { newDir, PostgresServer } from '../../support/postgres-server.js';
import { createTlsFiles, type TlsFiles } from '../../support/tls-files.js';
import { connectionTo } from './databases.js';

/** PostgreSQL reads a key only if it is its own and no other user may read it. */
async function ownedByServer(files: TlsFiles): Promise<{ certFile: string; keyFile: string }> {
  const dir = newDir('larder-pg-tls-');
  const [certFile, keyFile] = [join(dir, 'server.crt'), join(dir, 'server.key')];
  await copyFile(files.certFile, certFile);
  await copyFile(files.keyFile, keyFile);
  await chmod(keyFile, 0o600);
  if (process.getuid?.() === 0) for (const file of [certFile, keyFile]) await chown(file, 65_534, 65_534);
  return { certFile, keyFile };
}

describe('TLS to PostgreSQL', () => {
  let files: TlsFiles;
  let postgres: PostgresServer;
  let databaseUrl: string;
  const connections: DatabaseConnection[] = [];
  const open = (env: NodeJS.ProcessEnv, url = databaseUrl) => {
    const connection = connectionTo(url, undefined, env);
    connections.push(connection);
    return connection;
  };
  const usesTls = async ({ database }: DatabaseConnection) => {
    const { rows } = await database.execute(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`);
    return rows[0]!['ssl'];
  };

  beforeAll(async () => {
    files = await createTlsFiles('database.test');
    const { certFile, keyFile } = await ownedByServer(files);
    postgres = await PostgresServer.start(['ssl=on', `ssl_cert_file=${certFile}`, `ssl_key_file=${keyFile}`]);
    databaseUrl = await postgres.createDatabase();
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
    await files.remove();
  });
  afterEach(() => Promise.all(connections.splice(0).map((connection) => connection.close())));

  it('is verified by an authority of its own, and the name that the certificate must carry', async () => {
    const env = { DATABASE_TLS_CA_FILE: files.caFile, DATABASE_TLS_SERVERNAME: 'database.test' };
    expect(await usesTls(open(env))).toBe(true);
    // The options win over the URL, so TLS is not turned off by accident.
    expect(await usesTls(open(env, `${databaseUrl}?sslmode=disable`))).toBe(true);
  });

  it('is refused when the certificate is for another name, or of another authority', async () => {
    await expect(open({ DATABASE_TLS_CA_FILE: files.caFile }).ready()).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
    const other = await createTlsFiles('database.test');
    const env = { DATABASE_TLS_CA_FILE: other.caFile, DATABASE_TLS_SERVERNAME: 'database.test' };
    await expect(open(env).ready()).rejects.toThrow(/no connection \(.*(SIGNATURE|CERT|SELF)/);
    await other.remove();
  });

  it('is used by a request to end a statement, too', async () => {
    const env = {
      DATABASE_TLS_CA_FILE: files.caFile,
      DATABASE_TLS_SERVERNAME: 'database.test',
      DATABASE_STATEMENT_TIMEOUT: '100ms',
    };
    await expect(open(env).database.execute(sql`select pg_sleep(600)`)).rejects.toMatchObject({
      cause: { code: '57014' },
    });
  });
});
