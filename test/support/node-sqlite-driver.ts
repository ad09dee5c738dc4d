import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** As much of better-sqlite3 as TypeORM uses, on the SQLite that comes with Node: its `driver` option takes this class. */
export class NodeSqliteDriver {
  private readonly database: DatabaseSync;

  constructor(path: string) {
    this.database = new DatabaseSync(path);
  }

  pragma(source: string): void {
    this.database.exec(`pragma ${source}`);
  }

  exec(source: string): void {
    this.database.exec(source);
  }

  prepare(source: string): NodeSqliteStatement {
    return new NodeSqliteStatement(this.database.prepare(source));
  }

  close(): void {
    this.database.close();
  }
}

class NodeSqliteStatement {
  /** Whether it gives rows. */
  readonly reader: boolean;

  constructor(private readonly statement: StatementSync) {
    this.reader = statement.columns().length > 0;
  }

  all(...params: SQLInputValue[]): unknown[] {
    return this.statement.all(...params);
  }

  run(...params: SQLInputValue[]): unknown {
    return this.statement.run(...params);
  }
}
