import { jest } from '@jest/globals';
import { ANY_TABLE, type Dialect, type Statement } from './statement.js';
import { StatementMemory } from './statement-memory.js';
import { StatementParser } from './statement-parser.js';

async function read(dialect: Dialect, statement: string): Promise<Statement> {
  const parser = StatementParser.of(dialect);
  await parser.ready();
  return parser.parse(statement);
}

describe.each<[Dialect, [statement: string, reads: string[]][]]>([
  [
    'postgres',
    [
      ['select * from users', ['users']],
      [
        'select "u"."id" from "public"."Users" "u" left join orders o on o.user_id = u.id order by 1 limit $1',
        ['users', 'orders'],
      ],
      ['SELECT 1 FROM Ünï, b AS x, "c d" WHERE a IN (1, 2)', ['ünï', 'b', 'c d']],
      ['select * from a where exists (select 1 from b, c where b.id = a.id) and x = (select 2)', ['a', 'b', 'c']],
      [
        'with x as (select * from deep) select * from x join lateral (select 1 from only (deeper)) y on true, last',
        ['deep', 'x', 'deeper', 'last'],
      ],
      [
        'select * from (a cross join b) join ((c join d on true) left join e on true) on true',
        ['a', 'b', 'c', 'd', 'e'],
      ],
      ['table t', ['t']],
      ['select 1 from a /* /* nested */ from c */ join b on true', ['a', 'b']],
      [`select 1 from U&"d\\0061t\\+000061"`, ['data']],
      [`select ' from lies ', $$ from lies $$, e'it\\'s from lies' -- from lies\n from truth`, ['truth']],
      ['select a, count(*) from t where lower(x) = $1 group by a order by a, b', ['t']],
      ['select t.copy, delete from t', ['t']],
      ['(select a from x union all table y) except select b from z', ['x', 'y', 'z']],
      ['select constructor from constructor join "__proto__" p on true', ['constructor', '__proto__']],
    ],
  ],
  [
    'mysql',
    [
      ['select * from `Users` u where `a` = ? limit ?, ?', ['users']],
      ['select * from (a join b on a.id = b.id) left join (c join d) using (id)', ['a', 'b', 'c', 'd']],
      ['select 1 # from lies\n from shop.a /* from lies */ -- from lies\n join b', ['a', 'b']],
      ['select 1--1 from a', ['a']],
      [`select 'it''s' as "from lies", _utf8'x', x'41' from a where b = "from lies"`, ['a']],
      ['select straight_join sql_no_cache * from a straight_join b use index (i)', ['a', 'b']],
      ['select * from a partition (p0) natural join b', ['a', 'b']],
      ['with recursive x as (select 1 union all select n from y) select * from x', ['y', 'x']],
      ['select group_concat(distinct x order by y separator ",") from a group by z having count(*) > 1', ['a']],
      ['select * from a where x in (select y from b) union select * from c', ['a', 'b', 'c']],
      ['select j.x from json_table(?, "$[*]" columns(x int path "$")) j, t', ['t']],
    ],
  ],
  [
    'sqlite',
    [
      ['select * from "Users" u, [b c], `d`, \'e\' where x = ?1 limit 1 offset 2', ['users', 'b c', 'd', 'e']],
      ['select * from (a join b using (id)) left join (c natural join d)', ['a', 'b', 'c', 'd']],
      [`select 'a\\' from a where x = ' from lies'`, ['a']],
      ['select value from json_each(?), main.t', ['t']],
      ['with x as (values (1)) select * from x where exists (select 1 from y)', ['x', 'y']],
      ["select * from a indexed by i, b not indexed where x glob 'y' and z match ? and n = 1.5", ['a', 'b']],
      ['select count(*) filter (where a), sum(b) over (partition by c) from t', ['t']],
    ],
  ],
])('the tables that a query reads, in the grammar of %s', (dialect, examples) => {
  it.each(examples)('%s', async (statement, reads) => {
    expect(await read(dialect, statement)).toMatchObject({ writes: [], functions: [], steps: [] });
    const read_ = (await read(dialect, statement)).reads!;
    expect(read_.toSorted()).toEqual(reads.toSorted());
  });
});

describe.each<[Dialect, [statement: string, writes: string[] | typeof ANY_TABLE][]]>([
  [
    'postgres',
    [
      ['insert into "documents" ("a") values ($1) on conflict (a) do update set a = 2', ['documents']],
      ['UPDATE ONLY shop.Products SET price = 1 WHERE id IN (SELECT id FROM sold)', ['products']],
      ['update only (a) set x = 1', ['a']],
      ['delete from a using b where a.id = b.id', ['a']],
      [
        'with gone as (delete from a returning *), put as (insert into b select * from gone) select * from c',
        ['a', 'b'],
      ],
      ['truncate table a, only b, "C" restart identity', ['a', 'b', 'c']],
      ['truncate a cascade', 'any'],
      ['merge into stock using arrivals on true when matched then do nothing', ['stock']],
      ['refresh materialized view concurrently totals', ['totals']],
      ['select * into fresh from a', ['fresh']],
      ['create temp table fresh as select * from a', ['fresh']],
      ['create temp table fresh as execute p', 'any'],
      ['copy a from stdin', ['a']],
      ['copy (delete from a returning *) to stdout', ['a']],
      ['copy a to program $$sh$$', 'any'],
      ['explain (analyze, verbose) update a set x = 1', ['a']],
      ['explain analyze verbose update a set x = 1', ['a']],
      ['declare c cursor for with x as (delete from a returning *) select * from x', ['a']],
      ['execute p', 'any'],
      ['explain analyze execute p(1)', 'any'],
      ['do $$ begin delete from a; end $$', 'any'],
      ['call p()', 'any'],
      ['commit prepared $$x$$', 'any'],
      ['alter table a add column b int', 'any'],
      ['drop table a', 'any'],
      ['create or replace view v as select 1', 'any'],
      ['this is no SQL', 'any'],
      ['begin; insert into a values (1); update b set c = 1; commit', ['a', 'b']],
      [`update U&"d\\0061t\\0061" set x = 1`, ['data']],
      ['update a /* /* */ set x = 1 from c */ set x = 1', ['a']],
    ],
  ],
  [
    'mysql',
    [
      ['insert ignore into a values (1)', ['a']],
      ['insert low_priority ignore `A` (x) values (?)', ['a']],
      ['insert into a set x = 1', ['a']],
      ['insert into a (x) values (?) on duplicate key update x = values(x)', ['a']],
      ['insert into a select * from b', ['a']],
      ['replace into a values (1)', ['a']],
      ['replace delayed a set x = 1', ['a']],
      ['update ignore a set x = 1', ['a']],
      ['update low_priority ignore shop.a as x set x.y = 1 order by id limit 1', ['a']],
      ['update a join b on a.id = b.id set b.x = 1', ['a', 'b']],
      ['update a left join (b join c on true) on true set a.x = (select max(y) from d)', ['a', 'b', 'c']],
      ['update a, b set a.x = 1, b.y = 2', 'any'],
      ['with x as (select 1) update ignore a join x on true set a.y = 1', ['a', 'x']],
      ['delete quick from a where id = 1 returning id', ['a']],
      ['delete x from a as x join b on a.id = b.id', ['x', 'a', 'b']],
      ['delete from x using a as x join b on a.id = b.id', ['x', 'a', 'b']],
      ['truncate a', ['a']],
      ['/*! delete from a */', 'any'],
      ['select 1 /*M! from a into outfile "x" */', 'any'],
      [`update a set x = 'it\\'s'`, 'any'],
      ['load data infile "x" into table a', 'any'],
      ['rename table a to b', 'any'],
      ['call p', 'any'],
      ['execute p', 'any'],
      ['execute immediate "delete from a"', 'any'],
      ['begin not atomic delete from a; end', 'any'],
      ['set autocommit = 0', 'any'],
      ['set @@session.autocommit = off, x = 1', 'any'],
      ['analyze update a set x = 1', 'any'],
      ['lock tables a write', 'any'],
      ['alter table a add b int', 'any'],
      ['xa commit "x"', 'any'],
      ['delete from a; insert into b values (1)', ['a', 'b']],
    ],
  ],
  [
    'sqlite',
    [
      ['insert or replace into a values (1)', ['a']],
      ['insert or fail into [A b] select * from b', ['a b']],
      ['replace into "USERS" (id) values (?)', ['users']],
      ["insert into 'a' default values", ['a']],
      ['insert into a values (1) on conflict (id) do update set x = excluded.x returning *', ['a']],
      ['update or ignore main.A set x = (select max(y) from b)', ['a']],
      ['update a set x = b.y from b where a.id = b.id', ['a']],
      ['with x as (select 1) delete from a where id in (select * from x)', ['a']],
      ['create temp table t (x)', 'any'],
      ['attach $file as other', 'any'],
      ['drop table a', 'any'],
      ['alter table a rename to b', 'any'],
      ['update a indexed by i set x = 1', ['a']],
      [
        'insert into a (x) values (?) on conflict ("a"."x") where y > 1 do update set x = (select max(y) from b)',
        ['a'],
      ],
      ['insert into a (x) values (?) on conflict ("a"."x") do update set x = f()', ['a']],
      ['insert into a values ("x', 'any'],
    ],
  ],
])('the tables that a statement changes, in the grammar of %s', (dialect, examples) => {
  it.each(examples)('%s', async (statement, writes) => {
    const found = await read(dialect, statement);
    expect(found.reads).toBeUndefined();
    expect(typeof found.writes === 'string' ? found.writes : found.writes.toSorted()).toEqual(
      typeof writes === 'string' ? writes : writes.toSorted(),
    );
  });
});

describe.each<[Dialect, [statement: string, functions: string[]][]]>([
  [
    'postgres',
    [
      ['select f(x) from a', ['f']],
      ['select * from audit.log($1), pg_catalog.lower($2)', ['audit.log']],
      ['select count(*) filter (where lower(x) = $1), now(), coalesce(y, 1), extract(year from z) from a', []],
      ['insert into a values (f())', ['f']],
    ],
  ],
  [
    'mysql',
    [
      ['explain select f()', ['f']],
      ['show full columns from a where f() = 1', ['f']],
    ],
  ],
  ['mysql', [['select f(x), shop.g(), count(*), json_extract(a, "$.b"), if(x, 1, 2) from a', ['f', 'shop.g']]]],
  ['sqlite', [['select f(x), lower(y), iif(a, 1, 2) from g(1)', ['f', 'g']]]],
])('functions that may do anything, in the grammar of %s', (dialect, examples) => {
  it.each(examples)('%s', async (statement, functions) => {
    expect((await read(dialect, statement)).functions.toSorted()).toEqual(functions);
  });
});

describe.each<[Dialect, [statement: string, steps: string[]][]]>([
  [
    'postgres',
    [
      ['/* hint */ begin isolation level serializable', ['begin']],
      ['start transaction read only', ['begin']],
      ['end', ['commit']],
      ['commit and chain', ['commit and begin']],
      ['abort', ['rollback']],
      ['rollback to savepoint a', []],
      ['savepoint a', []],
      ["prepare transaction 'x'", ['rollback']],
      ['commit; begin', ['commit', 'begin']],
    ],
  ],
  [
    'mysql',
    [
      ['start transaction read only', ['begin']],
      ['commit and chain', ['commit and begin']],
      ['rollback to x', []],
      ['rollback', ['rollback']],
    ],
  ],
  [
    'sqlite',
    [
      ['begin immediate', ['begin']],
      ['end transaction', ['commit']],
      ['rollback to x', []],
      ['release x', []],
    ],
  ],
])('transactions, in the grammar of %s', (dialect, examples) => {
  it.each(examples)('%s', async (statement, steps) => {
    expect((await read(dialect, statement)).steps).toEqual(steps);
  });
});

describe('queries that are not cached although they change nothing', () => {
  it.each<[Dialect, string]>([
    ['postgres', 'select * from a for update'],
    ['postgres', "select query_to_xml('select 1', true, true, '')"],
    ['postgres', 'select * from pg_temp.a'],
    ['postgres', 'select * from pg_temp_3.a'],
    ['postgres', 'select 1; select 2'],
    ['postgres', 'explain select * from a'],
    ['postgres', 'fetch all from c'],
    ['postgres', 'show search_path'],
    ['postgres', 'prepare p as delete from a'],
    ['mysql', 'select * from a lock in share mode'],
    ['mysql', 'select x into @x from a'],
    ['mysql', 'show tables'],
    ['mysql', 'set names utf8mb4'],
    ['sqlite', 'pragma table_info("a")'],
    ['sqlite', 'explain delete from a'],
  ])('%s: %s', async (dialect, statement) => {
    expect(await read(dialect, statement)).toMatchObject({ reads: undefined, writes: [], functions: [], steps: [] });
  });
});

describe('what is remembered', () => {
  const rows = (count: number, row = '(?, default, 1)') => Array.from({ length: count }, () => row).join(', ');

  it('inserts of any number of rows are one text', async () => {
    const parser = StatementParser.of('mysql');
    await parser.ready();
    parser.parse(`insert into bulk (a, b, c) values ${rows(100)}`);
    const before = parser.rememberedBytes;
    for (let count = 101; count < 300; count++) {
      const statement = parser.parse(`insert into bulk (a, b, c) values ${rows(count)}`);
      expect(statement.writes).toEqual(['bulk']);
    }
    expect(parser.rememberedBytes).toBe(before);
  });

  it('text after the rows still counts', async () => {
    const statement = `insert into "a (x) values" (a, b, c) values ${rows(200, '($1, $2, default)')} returning (select count(*) from f()); delete from b`;
    expect(await read('postgres', statement)).toMatchObject({ writes: ['a (x) values', 'b'], functions: ['f'] });
  });

  it('is bounded in bytes, whatever the length of the texts', () => {
    const memory = new StatementMemory(50_000);
    const parse = (): Statement => ({ reads: ['a'], writes: [], functions: [], steps: [], isUnreadable: false });
    for (let i = 0; i < 3_000; i++) memory.getOrParse(`select ${i} ${'x'.repeat(i * 10)}`, parse);
    expect(memory.sizeBytes).toBeLessThanOrEqual(50_000);
    expect(memory.sizeBytes).toBeGreaterThan(40_000);
  });

  it('keeps the texts used last', () => {
    const memory = new StatementMemory(10_000);
    const parse = jest.fn((): Statement => ({ reads: [], writes: [], functions: [], steps: [], isUnreadable: false }));
    for (let i = 0; i < 100; i++) {
      memory.getOrParse('often', parse);
      memory.getOrParse(`once ${i}`, parse);
    }
    expect(parse).toHaveBeenCalledTimes(101);
  });
});
