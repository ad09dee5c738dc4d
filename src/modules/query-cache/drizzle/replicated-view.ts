import { viewRelational } from './relational-queries.js';
import type { PrepareArguments, ReplicatedDatabase, Session, SessionHolder } from './drizzle-internals.js';

/** The functions that read from a replica, of all dialects. `with` returns further functions of this kind. */
const READERS = ['select', 'selectDistinct', 'selectDistinctOn', '$count'] as const;

type Reader = (...args: unknown[]) => SessionHolder;

/**
 * A view of the database that `withReplicas` returns. Cached queries are read from the primary: a replica that lags would bring the
 * lag into the cache; other reads go to a replica as before; the rest to the view of the primary.
 *
 * @param primary the view of the primary.
 * @param isCached whether a query of the builder is to be cached.
 */
export function viewReplicated(
  database: ReplicatedDatabase,
  primary: ReplicatedDatabase['$primary'],
  isCached: (args: PrepareArguments) => boolean,
): ReplicatedDatabase {
  const views = new WeakMap<Session, Session>();
  const viewOf = (session: Session) => {
    let view = views.get(session);
    if (!view) {
      const prepareQuery: Session['prepareQuery'] = (...args) =>
        (isCached(args) || isWrite(args) ? primary.session : session).prepareQuery(...args);
      view = Object.assign(Object.create(session) as Session, { prepareQuery });
      views.set(session, view);
    }
    return view;
  };
  const throughView = (reader: Reader): Reader => (...args) => {
    const builder = reader(...args);
    return Object.assign(builder, { session: viewOf(builder.session) });
  };
  const methods = database as unknown as Record<string, Reader | undefined>;
  const view = Object.create(database, { query: { get: () => viewRelational(database.query, viewOf) } }) as ReplicatedDatabase;
  for (const name of ['insert', 'update', 'delete', 'execute', 'run', 'all', 'get', 'values', 'transaction', 'refreshMaterializedView', 'batch']) {
    const method = (primary as unknown as Record<string, Reader | undefined>)[name];
    if (method) Object.assign(view, { [name]: method.bind(primary) });
  }
  for (const name of READERS) if (methods[name]) Object.assign(view, { [name]: throughView(methods[name]) });
  const withTables = methods['with'] as unknown as ((...args: unknown[]) => Record<string, Reader>) | undefined;
  if (withTables) {
    const withView = (...args: unknown[]) =>
      Object.fromEntries(Object.entries(withTables(...args)).map(([name, reader]) => [name, throughView(reader)]));
    Object.assign(view, { with: withView });
  }
  return Object.assign(view, { session: primary.session, $cache: primary.$cache, $primary: primary });
}

/** `with(...).update()` on a replica: it could only fail there. */
function isWrite([, , , , , metadata]: PrepareArguments): boolean {
  return metadata !== undefined && metadata.type !== 'select';
}
