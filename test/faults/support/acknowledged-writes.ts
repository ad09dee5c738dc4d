import type { DatabaseConnection } from '../../../src/modules/database/index.js';
import { isOutcomeUnknown, isUnavailable } from '../../../src/modules/database/index.js';
import { notes } from '../../integration/database/tables.js';

/** How a write is made. */
export type WriteKind = 'transaction' | 'rolledBack' | 'statement';

/** The answer to the writer of each row. */
export interface WriteOutcomes {
  readonly acknowledged: number[];
  /** Said to have changed nothing. */
  readonly refused: number[];
  readonly unknown: number[];
  /** Rolled back on purpose. */
  readonly rolledBack: number[];
  /** Failures that are not the database's absence: there should be none. */
  readonly strange: unknown[];
}

class GivenUp extends Error {}

/** Writes rows with ids of its own and remembers the answers. */
export class AcknowledgedWrites {
  readonly outcomes: WriteOutcomes = { acknowledged: [], refused: [], unknown: [], rolledBack: [], strange: [] };
  private lastId = 0;

  constructor(private readonly connection: DatabaseConnection) {}

  /** Makes one write. Never rejects. */
  async write(kind: WriteKind): Promise<void> {
    const id = ++this.lastId;
    const row = { id, text: kind };
    const { database } = this.connection;
    const { acknowledged, refused, unknown, rolledBack, strange } = this.outcomes;
    try {
      if (kind === 'statement') await database.insert(notes).values(row);
      else
        await database.transaction(async (tx) => {
          await tx.insert(notes).values(row);
          if (kind === 'rolledBack') throw new GivenUp('given up');
        });
      acknowledged.push(id);
    } catch (error) {
      if (error instanceof GivenUp) rolledBack.push(id);
      else if (isOutcomeUnknown(error)) unknown.push(id);
      else if (isUnavailable(error)) refused.push(id);
      else strange.push(error);
    }
  }

  /** As many writes at once. */
  async writeMany(kind: WriteKind, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.write(kind)));
  }
}
