import { loadModule, parseSync } from 'libpg-query';
import {
  joinStatements,
  type Statement,
  StatementBuilder,
  type TransactionStep,
  UNBOUNDED,
  WITHOUT_EFFECT,
} from '../statement.js';
import type { ParseStatement } from '../statement-parser.js';
import { HARMLESS_FUNCTIONS, READING_FUNCTIONS } from './postgres-functions.js';

/** A node of PostgreSQL's parse tree: `{ SelectStmt: {...} }`, a list, or a value. */
type Node = Record<string, unknown>;

/** The grammar of PostgreSQL itself, compiled to WebAssembly. */
export async function loadPostgresParser(): Promise<ParseStatement> {
  await loadModule();
  return (text) => {
    const { stmts = [] } = parseSync(text) as { stmts?: { stmt: Node }[] };
    return stmts.length === 0 ? WITHOUT_EFFECT : joinStatements(stmts.map(({ stmt }) => readStatement(stmt)));
  };
}

/** Statements that neither change a table nor run anything that could. Their answers are not cached. */
const WITHOUT_EFFECT_KINDS = new Set([
  'VariableSetStmt',
  'VariableShowStmt',
  'FetchStmt',
  'ClosePortalStmt',
  'ListenStmt',
  'UnlistenStmt',
  'NotifyStmt',
  'LockStmt',
  'PrepareStmt',
  'DeallocateStmt',
  'VacuumStmt',
  'CheckPointStmt',
]);

/** Any kind that is not listed may change any table: `do`, `call`, `execute`, changes of the schema and so on. */
function readStatement(stmt: Node): Statement {
  const [kind, content] = Object.entries(stmt)[0] as [string, Node];
  switch (kind) {
    case 'SelectStmt':
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
      return readTree(stmt);
    case 'DeclareCursorStmt':
    case 'CreateTableAsStmt':
      return uncached(readTree(content));
    case 'ExplainStmt':
      return readExplain(content);
    case 'CopyStmt':
      return readCopy(content);
    case 'TruncateStmt':
      return readTruncate(content);
    case 'RefreshMatViewStmt':
      return writing([content['relation']]);
    case 'TransactionStmt':
      return readTransaction(content);
    default:
      return WITHOUT_EFFECT_KINDS.has(kind) ? WITHOUT_EFFECT : UNBOUNDED;
  }
}

function readTree(node: unknown): Statement {
  const builder = new StatementBuilder();
  walk(node, builder);
  return builder.build();
}

function walk(node: unknown, builder: StatementBuilder): void {
  if (Array.isArray(node)) for (const item of node) walk(item, builder);
  else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      note(key, value as Node, builder);
      walk(value, builder);
    }
  }
}

function note(key: string, content: Node, builder: StatementBuilder): void {
  switch (key) {
    case 'RangeVar':
      builder.read(nameOf(content));
      // A table of this connection alone.
      if (String(content['schemaname']).startsWith('pg_temp')) builder.refuseCaching();
      return;
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
      return builder.write(nameOf(content['relation']));
    case 'intoClause':
    case 'into':
      return builder.write(nameOf(content['rel']));
    // As in `create table t as execute p`.
    case 'ExecuteStmt':
      return builder.allowAnything();
    case 'lockingClause':
      return builder.refuseCaching();
    case 'FuncCall':
      return noteCall(content['funcname'], builder);
  }
}

function noteCall(path: unknown, builder: StatementBuilder): void {
  const parts = (path as { String: { sval: string } }[]).map(({ String: { sval } }) => sval);
  const name = parts.at(-1)!;
  const isBuiltIn = parts.length === 1 || parts[0] === 'pg_catalog';
  if (isBuiltIn && HARMLESS_FUNCTIONS.has(name)) return;
  if (isBuiltIn && READING_FUNCTIONS.has(name)) builder.refuseCaching();
  else builder.call(isBuiltIn ? name : parts.join('.'));
}

function readExplain({ options = [], query }: Node): Statement {
  const isRun = (options as { DefElem: { defname: string } }[]).some(({ DefElem }) => DefElem.defname === 'analyze');
  return isRun ? uncached(readStatement(query as Node)) : WITHOUT_EFFECT;
}

function readCopy({ relation, query, is_from: isFrom, is_program: isProgram }: Node): Statement {
  if (isProgram) return UNBOUNDED;
  if (isFrom) return writing([relation]);
  return query ? uncached(readTree(query)) : WITHOUT_EFFECT;
}

/** With `cascade` it also empties every table that refers to one of these. */
function readTruncate({ relations = [], behavior }: Node): Statement {
  return behavior === 'DROP_CASCADE'
    ? UNBOUNDED
    : writing((relations as { RangeVar: Node }[]).map(({ RangeVar }) => RangeVar));
}

const STEPS: Readonly<Record<string, readonly [plain: TransactionStep, chained: TransactionStep]>> = {
  TRANS_STMT_BEGIN: ['begin', 'begin'],
  TRANS_STMT_START: ['begin', 'begin'],
  TRANS_STMT_COMMIT: ['commit', 'commit and begin'],
  TRANS_STMT_ROLLBACK: ['rollback', 'rollback and begin'],
  // Its rows are seen only after `commit prepared`, from whichever connection that comes.
  TRANS_STMT_PREPARE: ['rollback', 'rollback'],
};
const WITHOUT_STEP = new Set(['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO']);

function readTransaction({ kind, chain }: Node): Statement {
  const step = STEPS[kind as string]?.[chain ? 1 : 0];
  if (step) return { ...WITHOUT_EFFECT, steps: [step] };
  // The other kinds commit or end a prepared transaction, which another connection may have written.
  return WITHOUT_STEP.has(kind as string) ? WITHOUT_EFFECT : UNBOUNDED;
}

function writing(relations: readonly unknown[]): Statement {
  const builder = new StatementBuilder();
  for (const relation of relations) builder.write(nameOf(relation));
  return builder.build();
}

function uncached(statement: Statement): Statement {
  return { ...statement, reads: undefined };
}

function nameOf(relation: unknown): string {
  return (relation as { relname: string }).relname;
}
