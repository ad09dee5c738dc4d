import type { Statement } from '../../../src/modules/query-cache/statements/statement.js';
import { StatementParser } from '../../../src/modules/query-cache/statements/statement-parser.js';
import { hasMariadb } from '../../support/mariadb-server.js';
import { SEED, seededRandom } from '../../support/seeded-random.js';
import { RandomStatements } from './random-statements.js';
import { JUDGES, type StatementJudge, type Verdict } from './statement-judges.js';

const RANDOM_STATEMENTS = 250;

const names = (Object.keys(JUDGES) as (keyof typeof JUDGES)[]).filter((name) => name !== 'MariaDB' || hasMariadb());

/** Tables that the database read or changed and the parser did not name. */
function missed({ reads, writes }: Statement, verdict: Verdict): Verdict {
  const notIn = (known: readonly string[], tables: readonly string[]) =>
    tables.filter((table) => !known.includes(table));
  return {
    reads: reads ? notIn(reads, verdict.reads) : [],
    writes: writes === 'any' ? [] : notIn(writes, verdict.writes),
  };
}

describe.each(names)('the tables of a statement, as %s counts them', (name) => {
  let judge: StatementJudge;
  let parser: StatementParser;

  beforeAll(async () => {
    judge = await JUDGES[name]();
    parser = StatementParser.of(judge.dialect);
    await parser.ready();
  });
  afterAll(() => judge.stop());

  it.each([
    ['queries', (statements: RandomStatements) => statements.query()],
    ['changes', (statements: RandomStatements) => statements.change()],
  ])(`are all named by the parser, for random %s, seed ${SEED}`, async (_kind, make) => {
    const statements = new RandomStatements(judge.dialect, seededRandom(SEED));
    const failures: unknown[] = [];
    let ran = 0;
    let understood = 0;
    let counted = 0;
    for (let i = 0; i < RANDOM_STATEMENTS; i++) {
      const statement = make(statements);
      const verdict = await judge.judge(statement);
      if (!verdict) continue;
      ran += 1;
      const found = parser.parse(statement);
      if (!found.isUnreadable) understood += 1;
      counted += verdict.reads.length + verdict.writes.length;
      const { reads, writes } = missed(found, verdict);
      if (reads.length + writes.length > 0) failures.push({ statement, reads, writes, found });
    }
    expect(failures).toEqual([]);
    // Else nothing was on trial.
    expect(ran).toBeGreaterThan(RANDOM_STATEMENTS * 0.5);
    expect(counted).toBeGreaterThan(ran);
    expect(understood).toBeGreaterThan(ran * 0.6);
  });
});
