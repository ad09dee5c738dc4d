import { tablesOf } from './sql-tables.js';

describe('tablesOf', () => {
  it.each([
    ['select * from users', ['users']],
    ['select "u"."id" from "public"."Users" "u" left join orders o on o.user_id = u.id', ['Users', 'orders']],
    ['SELECT 1 FROM Ünï, b AS x, "c d" WHERE a IN (1, 2)', ['ünï', 'b', 'c d']],
    ['select * from a where exists (select 1 from b, c where b.id = a.id), (select 2)', ['a', 'b', 'c']],
    [
      'with x as (select * from deep) select * from x join lateral (select 1 from only deeper) y on true, last',
      ['deep', 'x', 'deeper', 'last'],
    ],
    [`select ' from lies ', $$ from lies $$, e'it\\'s from lies' -- from lies\n /* from lies */ from truth`, ['truth']],
    ['select a, b from t where f(x, y) order by a, b', ['t']],
    ['select t.copy, delete from t for update', ['t']],
  ])('finds what is read by %s', (statement, reads) => {
    expect(tablesOf(statement)).toEqual({ reads, writes: [] });
  });

  it.each([
    ['insert into "documents" ("a") values ($1) on conflict do update set a = 2', ['documents']],
    ['UPDATE ONLY shop.Products SET price = 1 WHERE id IN (SELECT id FROM sold)', ['products']],
    ['delete from a using b where a.id = b.id', ['a']],
    ['with gone as (delete from a returning *) select * from gone', ['a']],
    ['truncate table a, b, "C"', ['a', 'b', 'C']],
    ['merge into stock using arrivals on true when matched then do nothing', ['stock']],
    ['refresh materialized view concurrently totals', ['totals']],
    ['begin; insert into a values (1); update b set c = 1; commit', ['a', 'b']],
  ])('finds what is changed by %s', (statement, writes) => {
    expect(tablesOf(statement).writes).toEqual(writes);
  });
});
