/** Position in the invalidation log: a Redis stream id, `<milliseconds>-<sequence>`. */
export type LogId = string;

/** Before every entry; also the `prev` of the first one. */
export const LOG_START: LogId = '0-0';

const PATTERN = /^(\d{1,16})-(\d{1,16})$/;

/** Whether text from outside is a position. */
export function isLogId(text: unknown): text is LogId {
  return typeof text === 'string' && PATTERN.test(text);
}

/** Negative when `a` is before `b`, 0 when equal. */
export function compareLogIds(a: LogId, b: LogId): number {
  if (a === b) return 0;
  const [aMs, aSeq] = a.split('-').map(Number) as [number, number];
  const [bMs, bSeq] = b.split('-').map(Number) as [number, number];
  return aMs - bMs || aSeq - bSeq;
}

/** When it was written, by the clock of the Redis that did, ms since the epoch. */
export function timeOf(id: LogId): number {
  return Number(id.slice(0, id.indexOf('-')));
}
