/** A row as the driver gives it: cells in order, or by column. */
export type QueryRow = readonly unknown[] | Readonly<Record<string, unknown>>;

/** Rows that belong to the caller: what the cache holds is frozen and shared, and callers of a database change theirs. */
export function copyRows<Row extends QueryRow>(rows: readonly Row[]): Row[] {
  return rows.map((row) => (isCells(row) ? row.map(copyCell) : mapCells(row)) as Row);
}

function isCells(row: QueryRow): row is readonly unknown[] {
  return Array.isArray(row);
}

function mapCells(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, copyCell(cell)]));
}

function copyCell(cell: unknown): unknown {
  if (typeof cell !== 'object' || cell === null) return cell;
  return Buffer.isBuffer(cell) ? Buffer.from(cell) : structuredClone(cell);
}
