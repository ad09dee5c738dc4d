import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import pg from 'pg';

/** The members of node-postgres that its typings leave out. */
interface Wire {
  connect(port: number, host: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  readonly stream: Duplex;
}

/**
 * Asks the server to end the statement that `client` runs now, over a connection of its own as the protocol wants it.
 * The server does not say whether it did: `client` hears it as the failure of its statement, SQLSTATE 57014.
 */
export async function cancelStatement(client: pg.PoolClient, config: pg.ClientConfig, limitMs: number): Promise<void> {
  const { processID, secretKey, host, port, ssl } = client as unknown as {
    processID: number;
    secretKey: number;
    host: string;
    port: number;
    ssl: pg.ClientConfig['ssl'];
  };
  const connection = new pg.Connection({ ...config, ssl });
  const wire = connection as unknown as Wire;
  const ended = once(connection, 'end', { signal: AbortSignal.timeout(limitMs) });
  connection.on('connect', () => (ssl ? wire.requestSsl() : wire.cancel(processID, secretKey)));
  connection.on('sslconnect', () => wire.cancel(processID, secretKey));
  connection.on('error', () => undefined);
  wire.connect(port, host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : host);
  try {
    await ended;
  } finally {
    wire.stream.destroy();
  }
}
