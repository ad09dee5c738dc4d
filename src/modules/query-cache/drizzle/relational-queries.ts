import type { WithCacheConfig } from 'drizzle-orm/cache/core/types';
import type { CacheSetting, RelationalBuilder, RelationalQuery, Session } from './drizzle-internals.js';
import { toCacheConfig, viewForRelational } from './session-view.js';

/** `db.query` with the given session, its queries having `$withCache()` as those of the query builder have. */
export function viewRelational(
  builders: Record<string, RelationalBuilder>,
  viewOf: (session: Session) => Session,
): Record<string, RelationalBuilder> {
  return Object.fromEntries(
    Object.entries(builders).map(([table, builder]) => [table, viewBuilder(builder, viewOf(builder.session))]),
  );
}

function viewBuilder(builder: RelationalBuilder, session: Session): RelationalBuilder {
  const view = Object.assign(Object.create(builder) as RelationalBuilder, { session });
  return Object.assign(view, {
    findMany: (config?: unknown) => withCacheMethod(builder.findMany.call(view, config), session),
    findFirst: (config?: unknown) => withCacheMethod(builder.findFirst.call(view, config), session),
  });
}

function withCacheMethod(query: RelationalQuery, session: Session): RelationalQuery {
  const setConfig = (config: WithCacheConfig | undefined) =>
    Object.assign(query, { session: viewForRelational(session, config) });
  setConfig(undefined);
  return Object.assign(query, { $withCache: (setting?: CacheSetting) => setConfig(toCacheConfig(setting)) });
}
