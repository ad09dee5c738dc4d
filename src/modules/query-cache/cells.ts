/** Holds, in a stored result, the parts of an interval of node-postgres, which is an instance of a class. */
const INTERVAL = 'interval of node-postgres';

type IntervalClass = new () => object;

let intervalClass: IntervalClass | undefined;

/** A result has a cell of a class whose instances can't be stored and rebuilt. */
export class UnstorableCellError extends TypeError {
  constructor() {
    super('A cell of the result is an instance of a class');
    this.name = 'UnstorableCellError';
  }
}

/**
 * The stored form of a driver's answer: its rows and cells as plain data that belongs to the cache.
 *
 * @throws UnstorableCellError for cells of a class, such as those that a type parser of the application made.
 */
export function packCells(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return packPrimitive(answer);
  if (Array.isArray(answer)) return Array.from(answer, packCells);
  if (answer instanceof Date) return new Date(answer);
  if (ArrayBuffer.isView(answer) || answer instanceof ArrayBuffer) return copyBytes(answer);
  if (isPlain(answer)) return mapCells(answer, packCells);
  if (isInterval(answer)) return new Map([[INTERVAL, { ...answer }]]);
  throw new UnstorableCellError();
}

/** The caller's own copy of the result of {@link packCells}. */
export async function unpackCells(packed: unknown): Promise<unknown> {
  if (!intervalClass && hasInterval(packed)) intervalClass = await loadIntervalClass();
  return unpack(packed);
}

function unpack(packed: unknown): unknown {
  if (typeof packed !== 'object' || packed === null) return packed;
  if (Array.isArray(packed)) return packed.map(unpack);
  if (packed instanceof Date) return new Date(packed);
  if (ArrayBuffer.isView(packed) || packed instanceof ArrayBuffer) return copyBytes(packed);
  if (packed instanceof Map) return Object.assign(new intervalClass!(), packed.get(INTERVAL));
  return mapCells(packed, unpack);
}

function packPrimitive(cell: unknown): unknown {
  if (typeof cell === 'function' || typeof cell === 'symbol') throw new UnstorableCellError();
  return cell;
}

function mapCells(row: object, change: (cell: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, change(cell)]));
}

/** `Buffer` stays `Buffer`. */
function copyBytes(bytes: ArrayBufferView | ArrayBuffer): unknown {
  return Buffer.isBuffer(bytes) ? Buffer.from(bytes) : structuredClone(bytes);
}

/** An object without a class, of any realm: a test environment has a realm of its own. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** node-postgres makes intervals without values for the parts that are zero. */
function isInterval(value: object): boolean {
  return value.constructor.name === 'PostgresInterval' && 'toPostgres' in value;
}

function hasInterval(packed: unknown): boolean {
  if (typeof packed !== 'object' || packed === null || ArrayBuffer.isView(packed)) return false;
  if (packed instanceof Map) return packed.has(INTERVAL);
  return Object.values(packed).some(hasInterval);
}

async function loadIntervalClass(): Promise<IntervalClass> {
  const { default: pg } = await import('pg');
  const interval = pg.types.getTypeParser(pg.types.builtins.INTERVAL)('00:00:00') as object;
  return interval.constructor as IntervalClass;
}
