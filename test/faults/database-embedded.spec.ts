import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { DatabaseConnection, databaseConfig, isUnavailable } from '../../src/modules/database/index.js';
import { EmbeddedDriver } from '../../src/modules/database/drivers/embedded/embedded.driver.js';
import { MigrationRegistry } from '../../src/modules/database/migration-registry.js';
import { NOTES } from '../integration/database/databases.js';
import { notes } from '../integration/database/tables.js';
import { eventually } from '../support/eventually.js';
import { SmallDisk } from '../support/small-disk.js';
import { AcknowledgedWrites } from './support/acknowledged-writes.js';

/** Of a start that recovers, on a busy machine. */
const START = { timeoutMs: 60_000 };
/** Needs root, to mount a disk that a test can fill; the report counts it as skipped elsewhere. */
const itOnSmallDisk = SmallDisk.isAvailable() ? it : it.skip;
/** A statement that takes longer than any test. */
const ENDLESS = sql`select count(*) from generate_series(1, 100000000000)`;

describe('the embedded database', () => {
  const parent = mkdtempSync(join(tmpdir(), 'larder-embedded-'));
  afterAll(() => rmSync(parent, { recursive: true }));

  const open = (dir: string, env: NodeJS.ProcessEnv = {}) => {
    const migrations = new MigrationRegistry();
    migrations.register(NOTES);
    return new DatabaseConnection(new EmbeddedDriver(databaseConfig.parse({ DATABASE_DIR: dir, ...env })), migrations);
  };
  const idsIn = async ({ database }: DatabaseConnection) =>
    new Set((await database.select({ id: notes.id }).from(notes)).map(({ id }) => id));

  it('ends a statement that has no end, keeps what it acknowledged, and goes on', async () => {
    const connection = open(join(parent, 'endless'), {
      DATABASE_STATEMENT_TIMEOUT: '2s',
      DATABASE_CONNECT_TIMEOUT: '2s',
    });
    await connection.ready();
    const writes = new AcknowledgedWrites(connection);
    for (let round = 0; round < 10; round++) await writes.write('transaction');
    const [endless] = await Promise.allSettled([
      connection.database.execute(ENDLESS),
      // Waits for the one connection, and is refused in time.
      writes.write('statement'),
    ]);
    expect(endless.status).toBe('rejected');
    await eventually(() => connection.database.execute(sql`select 1`), START);
    await expect(
      connection.database.transaction(async (tx) => {
        await tx.insert(notes).values({ id: 1_000, text: 'never committed' });
        await tx.execute(ENDLESS);
      }),
    ).rejects.toThrow('Failed query');
    await eventually(() => connection.database.execute(sql`select 1`), START);
    await writes.write('transaction');
    await writes.write('rolledBack');
    await writes.write('statement');
    const ids = await idsIn(connection);
    const { acknowledged, refused, rolledBack, strange } = writes.outcomes;
    expect(strange).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    expect([...refused, ...rolledBack, 1_000].filter((id) => ids.has(id))).toEqual([]);
    await connection.close();
  }, 180_000);

  it('takes a connection again after one was destroyed, without anything the first left behind', async () => {
    const connection = open(join(parent, 'reconnect'), { DATABASE_CONNECT_TIMEOUT: '10s' });
    const { database } = connection;
    for (let round = 0; round < 3; round++) {
      await database.execute(sql`create temporary table left_behind as select 1`);
      // A read-only answer costs the connection.
      const refused = database.transaction((tx) => tx.execute(sql`insert into notes values (1, 'x')`), {
        accessMode: 'read only',
      });
      await expect(refused).rejects.toMatchObject({ cause: { code: '25006' } });
    }
    expect(await idsIn(connection)).toEqual(new Set());
    await connection.close();
  }, 120_000);

  it('is closed while a statement without end runs', async () => {
    const connection = open(join(parent, 'closed'), { DATABASE_CONNECT_TIMEOUT: '1s' });
    await connection.ready();
    const endless = connection.database.execute(ENDLESS).catch((error: unknown) => error);
    await connection.close();
    expect(isUnavailable(await endless)).toBe(true);
    const again = open(join(parent, 'closed'));
    await again.ready();
    await again.close();
  }, 180_000);

  itOnSmallDisk(
    'serves reads while its disk is full, refuses writes, and takes them again when there is space',
    async () => {
      const disk = SmallDisk.create(130);
      const connection = open(join(disk.dir, 'data'));
      try {
        await connection.ready();
        const writes = new AcknowledgedWrites(connection);
        for (let round = 0; round < 20; round++) await writes.write('transaction');
        const before = new Set(writes.outcomes.acknowledged);
        disk.fill();
        // The log has to go on in a new file, for which there is no room: PostgreSQL panics.
        await connection.database.execute(sql`select pg_switch_wal()`).catch(() => undefined);
        for (let round = 0; round < 3; round++) await writes.write('transaction');
        // It has started again, with the space that was set aside.
        await eventually(async () => expect([...(await idsIn(connection))]).toEqual([...before]), START);
        await writes.write('statement');
        await writes.write('transaction');
        expect(new Set(writes.outcomes.acknowledged)).toEqual(before);
        expect(writes.outcomes.strange).toEqual([]);

        disk.empty();
        await eventually(async () => {
          await writes.write('transaction');
          expect(writes.outcomes.acknowledged.length).toBeGreaterThan(before.size);
        }, START);
        const ids = await idsIn(connection);
        expect(writes.outcomes.acknowledged.filter((id) => !ids.has(id))).toEqual([]);
      } finally {
        await connection.close();
        disk.remove();
      }
    },
    240_000,
  );

  itOnSmallDisk(
    'starts again on a disk that is full, to serve reads',
    async () => {
      const disk = SmallDisk.create(130);
      try {
        const first = open(join(disk.dir, 'data'));
        await first.database.insert(notes).values({ id: 1, text: 'one' });
        await first.close();
        disk.fill();
        const second = open(join(disk.dir, 'data'));
        expect(await idsIn(second)).toEqual(new Set([1]));
        await expect(second.database.insert(notes).values({ id: 2, text: 'two' })).rejects.toMatchObject({
          cause: { code: expect.stringMatching(/25006|53100/) },
        });
        await second.close();
      } finally {
        disk.remove();
      }
    },
    240_000,
  );
});
