import { DatabaseSync } from 'node:sqlite';
import { type INestApplicationContext, Inject, Injectable } from '@nestjs/common';
import type { TransactionHost as Host } from '@nestjs-cls/transactional';
import type { TransactionalAdapterTypeOrm as TypeOrmAdapter } from '@nestjs-cls/transactional-adapter-typeorm';
import { eq } from 'drizzle-orm';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { DataSource, EntitySchema } from 'typeorm';
import {
  afterCommit,
  Cacheable,
  CacheConfig,
  CacheEvict,
  CachePut,
  watchTransactionalAdapter,
  watchTransactions,
} from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { NodeSqliteDriver } from '../../support/node-sqlite-driver.js';
import { RedisServer } from '../../support/redis-server.js';
import { drizzleNodeSqlite } from '../database/drizzle-kits.js';

// Jest can't load CommonJS that requires Nest's ES modules while these are being linked.
const { ClsModule } = await import('nestjs-cls');
const { ClsPluginTransactional, Propagation, Transactional, TransactionHost } =
  await import('@nestjs-cls/transactional');
const { TransactionalAdapterTypeOrm } = await import('@nestjs-cls/transactional-adapter-typeorm');

interface Note {
  id: number;
  text: string;
}

const NoteEntity = new EntitySchema<Note>({
  name: 'notes',
  columns: { id: { type: 'int', primary: true }, text: { type: 'text' } },
});
const notes = sqliteTable('notes', { id: integer().primaryKey(), text: text().notNull() });

/** What a transaction reads and writes with. */
interface Statements {
  read(): Promise<string>;
  write(value: string): Promise<unknown>;
  /** A savepoint. */
  nested(work: (statements: Statements) => Promise<void>): Promise<void>;
}

/** How a library runs transactions. */
interface Transactions {
  readonly imports: NonNullable<Parameters<typeof startCacheApp>[0]['imports']>;
  run(app: INestApplicationContext, work: (statements: Statements) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

const sqliteOptions = { type: 'better-sqlite3', database: ':memory:', driver: NodeSqliteDriver } as const;

async function openTypeOrm(): Promise<DataSource> {
  const source = await new DataSource({ ...sqliteOptions, entities: [NoteEntity], synchronize: true }).initialize();
  await source.getRepository(NoteEntity).insert({ id: 1, text: 'old' });
  return source;
}

function typeOrmStatements(manager: DataSource['manager']): Statements {
  return {
    read: async () => (await manager.getRepository(NoteEntity).findOneByOrFail({ id: 1 })).text,
    write: (value) => manager.getRepository(NoteEntity).update({ id: 1 }, { text: value }),
    nested: (work) => manager.transaction((nested) => work(typeOrmStatements(nested))),
  };
}

type DrizzleDatabase = Pick<ReturnType<typeof drizzleNodeSqlite>, 'select' | 'update' | 'transaction'>;

function drizzleStatements(db: DrizzleDatabase): Statements {
  return {
    read: async () => (await db.select().from(notes).where(eq(notes.id, 1)))[0]!.text,
    write: async (value) => db.update(notes).set({ text: value }).where(eq(notes.id, 1)),
    nested: (work) => db.transaction((nested) => work(drizzleStatements(nested))),
  };
}

const DATA_SOURCE = Symbol('data source');

@Injectable()
class TransactionalService {
  constructor(@Inject(TransactionHost) private readonly host: Host<TypeOrmAdapter>) {}

  @Transactional()
  async run(work: (statements: Statements) => Promise<void>): Promise<void> {
    const statements = typeOrmStatements(this.host.tx);
    await work({
      ...statements,
      nested: (nested) => this.host.withTransaction(Propagation.Nested, () => nested(typeOrmStatements(this.host.tx))),
    });
  }
}

const KITS: Record<string, () => Promise<Transactions>> = {
  TypeORM: async () => {
    const source = watchTransactions(await openTypeOrm());
    return {
      imports: [],
      run: (_app, work) => source.transaction((manager) => work(typeOrmStatements(manager))),
      stop: () => source.destroy(),
    };
  },
  Drizzle: async () => {
    const client = new DatabaseSync(':memory:');
    client.exec("create table notes (id integer primary key, text text not null); insert into notes values (1, 'old')");
    const db = watchTransactions(drizzleNodeSqlite(client));
    return {
      imports: [],
      run: (_app, work) => db.transaction((transaction) => work(drizzleStatements(transaction))),
      stop: async () => client.close(),
    };
  },
  '@nestjs-cls/transactional': async () => {
    const source = await openTypeOrm();
    const adapter = watchTransactionalAdapter(new TransactionalAdapterTypeOrm({ dataSourceToken: DATA_SOURCE }));
    const sources = {
      module: class Sources {
        readonly isTest = true;
      },
      providers: [{ provide: DATA_SOURCE, useValue: source }],
      exports: [DATA_SOURCE],
    };
    const cls = ClsModule.forRoot({ plugins: [new ClsPluginTransactional({ imports: [sources], adapter })] });
    const service = {
      module: class Service {
        readonly isTest = true;
      },
      providers: [TransactionalService],
      exports: [TransactionalService],
    };
    return {
      imports: [cls, service],
      run: (app, work) => app.get(TransactionalService, { strict: false }).run(work),
      stop: () => source.destroy(),
    };
  },
};

@CacheConfig({ namespace: 'notes' })
@Injectable()
class NotesService {
  @Cacheable({ key: () => 'note', tags: ['notes'] })
  async find(statements: Statements): Promise<string> {
    return statements.read();
  }

  @CacheEvict({ tags: ['notes'] })
  async write(statements: Statements, value: string): Promise<void> {
    await statements.write(value);
  }

  @CacheEvict({ tags: ['notes'], afterCommit: false })
  async writeAtOnce(statements: Statements, value: string): Promise<void> {
    await statements.write(value);
  }

  @CachePut({ key: () => 'note', tags: ['notes'] })
  async put(statements: Statements, value: string): Promise<string> {
    await statements.write(value);
    return value;
  }
}

describe.each(Object.keys(KITS))('in a transaction of %s', (name) => {
  let redis: RedisServer;
  let kit: Transactions;
  let app: CacheApp;
  let service: NotesService;
  const cached = () => app.cache.namespace('notes').get('note');
  const run = (work: (statements: Statements) => Promise<void>) => kit.run(app.nest, work);

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    kit = await KITS[name]!();
    app = await startCacheApp({ imports: kit.imports, providers: [NotesService] }, { REDIS_URL: redis.url });
    await eventually(() => expect(app.cache.stats().redis).toBe('up'));
    await app.cache.clear();
    service = app.get<NotesService>(NotesService);
    await app.cache.namespace('notes').set('note', 'old', { tags: ['notes'] });
  });
  afterEach(async () => {
    await app.close();
    await kit.stop();
  });

  it('an eviction waits for the commit', async () => {
    await run(async (statements) => {
      await service.write(statements, 'new');
      expect(await cached()).toBe('old');
    });
    expect(await cached()).toBeUndefined();
  });

  it('an eviction is dropped if the transaction is rolled back', async () => {
    const failed = run(async (statements) => {
      await service.write(statements, 'new');
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect(await cached()).toBe('old');
  });

  it('an eviction of a nested transaction waits for the outer one', async () => {
    await run(async (statements) => {
      await statements.nested((nested) => service.write(nested, 'new'));
      expect(await cached()).toBe('old');
    });
    expect(await cached()).toBeUndefined();
  });

  it('an eviction of a nested transaction that is rolled back is dropped, and others are not', async () => {
    const other = app.cache.namespace('others');
    await other.set('k', 1);
    await run(async (statements) => {
      await afterCommit(() => other.delete('k'));
      const nested = statements.nested(async (inner) => {
        await service.write(inner, 'new');
        throw new Error('rolled back');
      });
      await expect(nested).rejects.toThrow('rolled back');
    });
    expect(await cached()).toBe('old');
    expect(await other.get('k')).toBeUndefined();
  });

  it('a put waits for the commit, and is dropped if the transaction is rolled back', async () => {
    const failed = run(async (statements) => {
      await service.put(statements, 'never');
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect(await cached()).toBe('old');
    await run(async (statements) => {
      await service.put(statements, 'new');
      expect(await cached()).toBe('old');
    });
    expect(await cached()).toBe('new');
  });

  it('a read takes what is cached, until something was written; what it loads is not stored', async () => {
    await run(async (statements) => {
      expect(await service.find(statements)).toBe('old');
      await service.write(statements, 'new');
      expect(await service.find(statements)).toBe('new');
      expect(await cached()).toBe('old');
    });
    await run(async (statements) => {
      await statements.write('rolled back');
      expect(await service.find(statements)).toBe('rolled back');
      expect(await cached()).toBeUndefined();
      await statements.write('new');
    });
  });

  it('afterCommit: false evicts at once', async () => {
    await run(async (statements) => {
      await service.writeAtOnce(statements, 'new');
      expect(await cached()).toBeUndefined();
    });
  });

  it('what is left over when the transaction has ended is done at once', async () => {
    const late = Promise.withResolvers<void>();
    let leftOver: Promise<void> | undefined;
    await run(async () => {
      leftOver = late.promise.then(() => afterCommit(() => app.cache.namespace('notes').delete('note')));
    });
    late.resolve();
    await leftOver;
    expect(await cached()).toBeUndefined();
  });
});
