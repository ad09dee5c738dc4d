import type { FunctionNames } from '../function-names.js';
import { type Statement, StatementBuilder, type TransactionStep, UNBOUNDED, WITHOUT_EFFECT } from '../statement.js';

/** A node of the tree: `{ Query: {...} }`, a list, or a value. */
export type Node = Record<string, unknown>;

/** The differences between the grammars that are read with sqlparser-rs. */
export interface GrammarRules {
  readonly harmlessFunctions: FunctionNames;
  /** Words that name no table unless they are quoted. */
  readonly reservedWords: ReadonlySet<string>;
  /** Whether a `set` may change when statements are committed. */
  readonly mayCommitLater: (setStatement: Node) => boolean;
}

/** The kinds of nodes that a part of a statement may have. A statement with another kind is not understood. */
const TABLE_KINDS = new Set(['Table', 'Derived', 'NestedJoin', 'JsonTable']);
/** Statements that change no table. Their answers are not cached. */
const WITHOUT_EFFECT_KINDS = new Set([
  'Savepoint',
  'ReleaseSavepoint',
  'Use',
  'ExplainTable',
  'ShowTables',
  'ShowColumns',
  'ShowCreate',
  'ShowDatabases',
  'ShowStatus',
  'ShowVariable',
  'ShowVariables',
  'ShowCollation',
  'Analyze',
]);

/** Reads the effects of a statement from sqlparser's tree. Statements of kinds that are not listed may change any table. */
export class SqlparserTree {
  constructor(private readonly rules: GrammarRules) {}

  /** @throws when a part of the statement is of an unknown kind. */
  read(node: Node): Statement {
    const [kind, content] = Object.entries(node)[0] as [string, Node];
    switch (kind) {
      case 'Query':
      case 'Insert':
      case 'Update':
      case 'Delete':
        return this.readTree(node);
      case 'Truncate':
        return this.readTruncate(content);
      case 'Set':
        return this.rules.mayCommitLater(content) ? UNBOUNDED : uncached(this.readTree(content));
      case 'Explain':
        return this.readExplain(content);
      case 'StartTransaction':
        return isEmpty(content['statements']) ? withStep('begin') : UNBOUNDED;
      case 'Commit':
        return withStep(content['chain'] === true ? 'commit and begin' : 'commit');
      case 'Rollback':
        if (content['savepoint']) return WITHOUT_EFFECT;
        return withStep(content['chain'] === true ? 'rollback and begin' : 'rollback');
      default:
        return WITHOUT_EFFECT_KINDS.has(kind) ? uncached(this.readTree(content)) : UNBOUNDED;
    }
  }

  private readTree(node: Node): Statement {
    const builder = new StatementBuilder();
    this.walk(node, builder);
    return builder.build();
  }

  /** An optimizer may call functions while it only explains. */
  private readExplain({ analyze, statement }: Node): Statement {
    const explained = this.read(statement as Node);
    return analyze === true ? uncached(explained) : { ...WITHOUT_EFFECT, functions: explained.functions };
  }

  private readTruncate({ table_names: tables, cascade }: Node): Statement {
    if (cascade) return UNBOUNDED;
    const builder = new StatementBuilder();
    for (const { name } of tables as { name: Node[] }[]) builder.write(this.nameOf(name));
    return builder.build();
  }

  private walk(node: unknown, builder: StatementBuilder): void {
    if (Array.isArray(node)) for (const item of node) this.walk(item, builder);
    else if (typeof node === 'object' && node !== null) {
      for (const [key, value] of Object.entries(node)) {
        this.note(key, value, builder);
        this.walk(value, builder);
      }
    }
  }

  private note(key: string, value: unknown, builder: StatementBuilder): void {
    if (typeof value !== 'object' || value === null) return;
    const content = value as Node;
    switch (key) {
      case 'relation':
        return assertKnownTable(content);
      case 'Table':
        return this.noteTable(content, builder);
      case 'Function':
        return this.noteCall(content['name'] as Node[], builder);
      case 'Insert':
        if (content['table']) builder.write(this.insertTarget(content['table'] as Node));
        return;
      case 'Update':
        if (content['table']) this.noteWrites(content['table'], builder);
        return;
      case 'Delete':
        return this.noteDelete(content, builder);
      case 'into':
        return builder.refuseCaching();
      case 'locks':
        if (!isEmpty(content)) builder.refuseCaching();
        return;
      case 'Merge':
        throw new Error('MERGE is not understood');
    }
  }

  /** A table by its name, a table function, or `table t`. */
  private noteTable({ name, args, table_name: plainName }: Node, builder: StatementBuilder): void {
    if (typeof plainName === 'string') builder.read(plainName);
    else if (args) this.noteCall(name as Node[], builder);
    else builder.read(this.nameOf(name as Node[]));
  }

  private noteCall(path: readonly Node[], builder: StatementBuilder): void {
    const parts = path.map((part) => identifierOf(part).value);
    const name = parts.join('.').toLowerCase();
    if (parts.length > 1 || !this.rules.harmlessFunctions.has(name)) builder.call(name);
  }

  private insertTarget(target: Node): string {
    if (!target['TableName']) throw new Error('An insert into something that is not a table is not understood');
    return this.nameOf(target['TableName'] as Node[]);
  }

  /** In `delete a from b as a join c` the first name may be an alias, so every table of the statement counts. */
  private noteDelete({ tables, from, using }: Node, builder: StatementBuilder): void {
    for (const name of (tables ?? []) as Node[][]) builder.write(this.nameOf(name));
    this.noteWrites([from, using], builder);
  }

  /** Every table at any depth of these joins, but for those of subqueries. */
  private noteWrites(node: unknown, builder: StatementBuilder): void {
    if (Array.isArray(node)) for (const item of node) this.noteWrites(item, builder);
    else if (typeof node === 'object' && node !== null) {
      const { Table: table } = node as { Table?: Node };
      if (table?.['name']) builder.write(this.nameOf(table['name'] as Node[]));
      for (const [key, value] of Object.entries(node))
        if (key !== 'Derived' && key !== 'join_operator') this.noteWrites(value, builder);
    }
  }

  private nameOf(path: readonly Node[]): string {
    const { value, quote_style: quote } = identifierOf(path.at(-1)!);
    if (!quote && this.rules.reservedWords.has(value.toLowerCase()))
      throw new Error('A keyword was taken for the name of a table');
    return value;
  }
}

function assertKnownTable(relation: Node): void {
  const [kind] = Object.keys(relation);
  if (kind === undefined || !TABLE_KINDS.has(kind)) throw new Error(`A table of kind ${kind} is not understood`);
}

function identifierOf(part: Node): { value: string; quote_style?: string } {
  const identifier = part['Identifier'] as { value: string; quote_style?: string } | undefined;
  if (!identifier) throw new Error('A name that is computed is not understood');
  return identifier;
}

function isEmpty(list: unknown): boolean {
  return !Array.isArray(list) || list.length === 0;
}

function withStep(step: TransactionStep): Statement {
  return { ...WITHOUT_EFFECT, steps: [step] };
}

function uncached(statement: Statement): Statement {
  return { ...statement, reads: undefined };
}
