import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Database, DatabaseConnection } from '../../../src/modules/database/index.js';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import { DocumentsRepository } from '../../../src/modules/documents/database/documents.repository.js';
import { IndexQueueRepository } from '../../../src/modules/documents/database/index-queue.repository.js';
import { NearestIndex } from '../../../src/modules/documents/database/nearest-index.js';
import {
  type IndexLease,
  VectorSpacesRepository,
} from '../../../src/modules/documents/database/vector-spaces.repository.js';
import { VectorsRepository } from '../../../src/modules/documents/database/vectors.repository.js';

export function documentsMigrations(): MigrationRegistry {
  const migrations = new MigrationRegistry();
  migrations.register({
    feature: 'documents',
    folder: new URL('../../../src/modules/documents/database/migrations/', import.meta.url),
  });
  return migrations;
}

/** All that reads and writes the tables of documents. */
export class DocumentTables {
  readonly database: Database;
  readonly documents: DocumentsRepository;
  readonly spaces: VectorSpacesRepository;
  readonly queue: IndexQueueRepository;
  readonly index: NearestIndex;
  readonly vectors: VectorsRepository;

  constructor({ database }: Pick<DatabaseConnection, 'database'>) {
    this.database = database;
    this.documents = new DocumentsRepository(database);
    this.spaces = new VectorSpacesRepository(database);
    this.queue = new IndexQueueRepository(database, this.spaces);
    this.index = new NearestIndex(database);
    this.vectors = new VectorsRepository(database, this.index);
  }

  async create(title: string): Promise<string> {
    const draft = { title, body: `About ${title}.`, author: 'ann', topic: 'tea', labels: [] };
    return (await this.documents.create(draft)).id;
  }

  /** Written by SQL, as an import does; gives the ids. */
  async createMany(count: number): Promise<string[]> {
    const { rows } = await this.database.execute<{ id: string }>(sql`
      insert into documents (title, body, author, topic)
      select 'Document ' || i, 'Text ' || i, 'ann', 'tea' from generate_series(1, ${count}::int) as i returning id`);
    return rows.map(({ id }) => id);
  }

  /** The lease of a space all of whose documents are in the queue. */
  async leaseFilled(model: string, dimensions: number, owner = randomUUID()): Promise<IndexLease> {
    const lease = (await this.spaces.lease(await this.spaces.findOrCreate(model, dimensions), owner))!;
    while (!(await this.queue.fill(lease)));
    return lease;
  }

  /** Saves these vectors for the documents of a queue, as the indexer does. */
  async saveVectors(lease: IndexLease, vectorOf: (id: string) => readonly number[]): Promise<void> {
    for (;;) {
      const queued = await this.queue.next(lease, 500);
      if (queued.length === 0) return;
      await this.queue.save(
        lease,
        queued.map(({ id, revision }) => ({ id, revision, vector: vectorOf(id) })),
      );
    }
  }
}
