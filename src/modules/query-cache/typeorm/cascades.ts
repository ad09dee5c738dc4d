import type { EntityMetadata } from 'typeorm';

/**
 * Tables whose rows the database itself changes with those of `table`, by the foreign keys of the entities.
 *
 * @param table in lower case.
 */
export function cascadesOf(table: string, entities: readonly EntityMetadata[]): string[] {
  return entities
    .filter(({ foreignKeys }) =>
      foreignKeys.some(
        ({ referencedEntityMetadata, onDelete, onUpdate }) =>
          referencedEntityMetadata.tableName.toLowerCase() === table && (isChanging(onDelete) || isChanging(onUpdate)),
      ),
    )
    .map(({ tableName }) => tableName);
}

function isChanging(action: string | undefined): boolean {
  return action !== undefined && action !== 'NO ACTION' && action !== 'RESTRICT';
}
