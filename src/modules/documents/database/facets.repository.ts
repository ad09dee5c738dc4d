import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'drizzle-orm';
import { DATABASE, type Database } from '../../database/index.js';
import type { DocumentFacets, Facet } from '../documents.schemas.js';

/** Values of a facet that are given; the rest is counted. */
const MAX_VALUES = { topic: 50, author: 20, month: 120 };
type FacetName = keyof typeof MAX_VALUES;

interface CountedValue extends Record<string, unknown> {
  readonly facet: FacetName | 'all';
  readonly value: string;
  readonly count: number;
  readonly averageLength: number;
  /** Of all values of the facet. */
  readonly values: number;
  readonly documents: number;
}

/** Counts over all documents: the query that is worth caching, as it reads every row. */
@Injectable()
export class FacetsRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async countFacets(): Promise<DocumentFacets> {
    const { rows } = await this.database.execute<CountedValue>(sql`
      with counted as (
        select
          case when grouping(topic) = 0 then 'topic' when grouping(author) = 0 then 'author'
            when grouping(month) = 0 then 'month' else 'all' end as facet,
          coalesce(topic, author, month, '') as value,
          count(*)::int as count,
          coalesce(avg(length), 0)::float8 as "averageLength"
        from (
          select topic, author, to_char(created_at at time zone 'UTC', 'YYYY-MM') as month, length(body) as length
          from documents
        ) as document
        group by grouping sets ((topic), (author), (month), ())
      ), ranked as (
        select *, row_number() over (partition by facet order by count desc, value) as rank,
          count(*) over (partition by facet)::int as values, sum(count) over (partition by facet)::int as documents
        from counted
      )
      select * from ranked
      where rank <= case facet when 'topic' then ${MAX_VALUES.topic}::int when 'author' then ${MAX_VALUES.author}::int
        else ${MAX_VALUES.month}::int end
      order by facet, rank`);
    const all = rows.find(({ facet }) => facet === 'all');
    return {
      total: all?.count ?? 0,
      averageLength: all?.averageLength ?? 0,
      topics: facetOf(rows, 'topic'),
      authors: facetOf(rows, 'author'),
      months: facetOf(rows, 'month'),
    };
  }
}

function facetOf(rows: readonly CountedValue[], name: FacetName): Facet {
  const values = rows.filter(({ facet }) => facet === name);
  const given = values.reduce((sum, { count }) => sum + count, 0);
  const [first] = values;
  return {
    values: values.map(({ value, count }) => ({ value, count })),
    omitted: { values: (first?.values ?? 0) - values.length, count: (first?.documents ?? 0) - given },
  };
}
