import type { DataSource } from 'typeorm';
import type { EmbeddedMetadata } from 'typeorm/metadata/EmbeddedMetadata.js';
import type { ClassSerializer } from '../../cache/library.js';

type EntityClass = abstract new (...args: never[]) => object;

/**
 * Serializers of all entities of a data source and of their embedded classes, for the option `serializers` of a cache: entities
 * come back from Redis as entities. Columns and loaded relations are stored. A lazy relation is left out, since it is a promise
 * that reads from the database.
 *
 * @throws TypeError before the data source is initialized: its entities are not known then.
 * @example
 * const source = await new DataSource(options).initialize();
 * const cache = createCache({ redis, serializers: typeOrmEntities(source) });
 */
export function typeOrmEntities(source: DataSource): ClassSerializer[] {
  if (!source.isInitialized) throw new TypeError('typeOrmEntities needs an initialized data source.');
  const classes = new Map<unknown, ClassSerializer>();
  const add = (target: unknown): void => {
    // An entity schema without a class makes plain objects.
    if (typeof target === 'function') classes.set(target, { class: target as EntityClass, toData: withoutPromises });
  };
  const addEmbedded = ({ type, embeddeds }: EmbeddedMetadata): void => {
    add(type);
    embeddeds.forEach(addEmbedded);
  };
  for (const { target, embeddeds } of source.entityMetadatas) {
    add(target);
    embeddeds.forEach(addEmbedded);
  }
  return [...classes.values()];
}

function withoutPromises(entity: object): object {
  return Object.fromEntries(Object.entries(entity).filter(([, value]) => !(value instanceof Promise)));
}
