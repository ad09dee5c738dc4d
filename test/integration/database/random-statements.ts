import type { Dialect } from '../../../src/modules/query-cache/statements/statement.js';
import { TABLES } from './statement-judges.js';

const JOINS = ['join', 'left join', 'cross join', 'natural join', 'inner join'];
const SPACES = [' ', ' ', ' ', '\n', '\t ', ' /* from lies */ ', ' -- from lies\n'];

/** Statements at random: valid ones mostly, in the odd forms that a dialect allows. */
export class RandomStatements {
  private aliases = 0;

  constructor(
    private readonly dialect: Dialect,
    private readonly random: () => number,
  ) {}

  query(): string {
    this.aliases = 0;
    return this.spaced(this.select(3));
  }

  change(): string {
    this.aliases = 0;
    const forms: (() => string)[] = [
      () => `${this.insertVerb()} ${this.table()} select 10 + t.id, t.x, t.y from ${this.from(2)} where t.id < 3`,
      () => `${this.insertVerb()} ${this.table()} (id, x) values (${10 + Math.floor(this.random() * 9)}, 2)`,
      () => `update ${this.modifier('update')} ${this.table()} set x = x + 1 where ${this.condition(2)}`,
      () => `delete ${this.modifier('delete')} from ${this.table()} where ${this.condition(2)}`,
      () => `with w as (${this.select(1)}) delete from ${this.table()} where id in (select id from w)`,
      ...this.ownForms(),
    ];
    return this.spaced(this.one(forms)());
  }

  private ownForms(): (() => string)[] {
    switch (this.dialect) {
      case 'postgres':
        return [
          () => `with w as (delete from only (${this.table()}) returning *) select * from w, ${this.from(1)}`,
          () =>
            `with v as (update ${this.table()} set x = 9 returning id) insert into ${this.table()} select 20 + id from v`,
          () => `update ${this.table()} as u set y = 5 from ${this.from(1)} where u.id = t.id`,
          () => `delete from ${this.table()} as u using ${this.from(1)} where u.id = t.id`,
          () => `explain (analyze, verbose) delete from ${this.table()}`,
          () => `merge into ${this.table()} u using ${this.from(1)} on u.id = t.id when matched then update set y = 7`,
        ];
      case 'mysql':
        return [
          () =>
            `update ${this.modifier('update')} ${this.table()} u join ${this.from(1)} on u.id = t.id set u.x = u.x + 1`,
          () => `update (${this.table()} u, ${this.table()} v) set u.x = 8, v.y = 8 where u.id = v.id`,
          () => `update ${this.table()} u, ${this.table()} v set u.x = 8 where u.id = v.id`,
          () => `delete u, v from ${this.table()} u join ${this.table()} v on u.id = v.id`,
          () => `delete quick u from ${this.table()} as u straight_join ${this.from(1)} on u.id = t.id`,
          () => `delete from u using ${this.table()} as u join ${this.from(1)} on u.id = t.id`,
          () => `replace ${this.table()} set id = 1, x = 5`,
          () => `insert into ${this.table()} (id, x) values (1, 2) on duplicate key update x = values(x) + 9`,
        ];
      case 'sqlite':
        return [
          () => `update or replace ${this.table()} set y = t.y from ${this.from(1)} where true`,
          () => `replace into ${this.table()} (id) values (1)`,
          () => `insert into ${this.table()} (id) values (1) on conflict (id) do update set x = (${this.scalar(1)})`,
          () => `delete from ${this.table()} where id = 1 returning id, (${this.scalar(1)})`,
        ];
    }
  }

  private insertVerb(): string {
    const verbs: Record<Dialect, string[]> = {
      postgres: ['insert into'],
      mysql: ['insert', 'insert into', 'insert ignore into', 'insert low_priority ignore', 'replace', 'replace into'],
      sqlite: ['insert into', 'insert or replace into', 'insert or ignore into', 'replace into'],
    };
    return this.one(verbs[this.dialect]);
  }

  private modifier(verb: 'update' | 'delete'): string {
    if (this.dialect === 'mysql')
      return this.one(
        verb === 'update' ? ['', 'ignore', 'low_priority ignore'] : ['', 'quick', 'low_priority quick ignore'],
      );
    return this.dialect === 'sqlite' && verb === 'update' ? this.one(['', 'or ignore', 'or fail']) : '';
  }

  private select(depth: number): string {
    const simple = () => `select t.id from ${this.from(depth - 1)} where ${this.condition(depth - 1)}`;
    if (depth <= 0) return `select t.id from ${this.from(0)}`;
    return this.one([
      simple,
      simple,
      () => `select (${this.scalar(depth - 1)}) as id from ${this.from(depth - 1)}`,
      () => `with w${depth} as (${this.select(depth - 1)}) select t.id from w${depth} as t, ${this.alias()}`,
      () => `${simple()} union all ${simple()}`,
      ...(this.dialect === 'postgres' ? [() => `select id from (table ${this.table()}) q`] : []),
    ])();
  }

  /** One table of it is called `t`. */
  private from(depth: number): string {
    const first = `${this.table()} ${this.one(['t', 'as t'])}`;
    if (depth <= 0) return first;
    const other = () => this.alias(depth - 1);
    return this.one([
      () => first,
      () => `${first} ${this.join()} ${other()}`,
      () => `(${first} ${this.join()} ${other()})`,
      () => `((${first} cross join ${other()}) cross join (${other()} cross join ${other()}))`,
      () => `${first}, ${other()}`,
      () => `${first} cross join (select * from ${this.table()}) s${++this.aliases}`,
      () => `(select * from ${this.from(depth - 1)}) t`,
      ...(this.dialect === 'postgres'
        ? [() => `only (${this.table()}) t`, () => `${first}, lateral (${this.select(depth - 1)}) s${++this.aliases}`]
        : []),
    ])();
  }

  private join(): string {
    return this.one(JOINS.filter((join) => join === 'cross join' || join === 'natural join'));
  }

  private alias(depth = 0): string {
    const name = `s${++this.aliases}`;
    return depth > 0 && this.random() < 0.2 ? `(${this.select(depth)}) ${name}` : `${this.table()} ${name}`;
  }

  private condition(depth: number): string {
    return this.one([
      () => 'true',
      () => `exists (${this.select(depth - 1)})`,
      () => `1 in (${this.select(depth - 1)}) or 1 = 1`,
      () => `x <= (${this.scalar(depth - 1)}) or 'from lies' = ''`,
    ])().replaceAll(/\bx <=/g, '2 <=');
  }

  private scalar(depth: number): string {
    return `select max(t.x) from ${this.from(depth)}`;
  }

  private table(): string {
    const name = this.one(TABLES);
    const quotes: Record<Dialect, [string, string][]> = {
      postgres: [['"', '"']],
      mysql: [['`', '`']],
      sqlite: [
        ['"', '"'],
        ['`', '`'],
        ['[', ']'],
      ],
    };
    const [open, close] = this.one(quotes[this.dialect]);
    if (/^[a-d]$/.test(name) && this.random() < 0.6)
      return this.dialect !== 'mysql' ? this.one([name, name.toUpperCase()]) : name;
    return `${open}${name}${close}`;
  }

  /** Spaces, comments and line ends between the words, and keywords in any case. */
  private spaced(statement: string): string {
    const comments = this.dialect === 'postgres' ? [...SPACES, ' /* /* nested */ from lies */ '] : SPACES;
    const own = this.dialect === 'mysql' ? [...comments, ' # from lies\n'] : comments;
    return statement
      .split(/('[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\])/)
      .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/ +/g, () => this.one(own))))
      .join('');
  }

  private one<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)]!;
  }
}
