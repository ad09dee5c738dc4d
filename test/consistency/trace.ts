import type { HistoryChecker, Violation } from './history-checker.js';
import type { ReadEvent } from './protocol.js';
import { KEYS, SPACES } from './world.js';

const MAX_LINES = 40;
const BEFORE_MS = 400;

/** Events of a key around a violation, one line each, in ms from the invalidation's start. */
export function traceOf(
  { read, invalidation, required, kind, lateMs }: Violation,
  reads: readonly ReadEvent[],
  checker: HistoryChecker,
): string {
  const key = KEYS[read.key]!;
  const zeroMs = invalidation.startMs;
  const fromMs = zeroMs - BEFORE_MS;
  const toMs = read.endMs + 20;
  const at = (ms: number): string => (ms - zeroMs).toFixed(2).padStart(9);
  const events = [
    ...reads
      .filter((event) => event.key === read.key && event.endMs >= fromMs && event.startMs <= toMs)
      .map((event) => ({
        ms: event.startMs,
        text: `worker ${event.worker} ${event.operation} = v${event.version} until ${at(event.endMs).trim()}${event === read ? '   <== here' : ''}`,
      })),
    ...checker.invalidationsOf(read.key, fromMs, toMs).map((event) => ({
      ms: event.startMs,
      text: `worker ${event.worker} ${event.operation} ${event.target} (needs v${event.required.find(([index]) => index === read.key)![1]}) ${event.status} at ${at(event.ackMs).trim()}${event === invalidation ? '   <== this' : ''}`,
    })),
    ...checker.disturbances
      .filter(({ startMs, endMs }) => endMs >= fromMs && startMs <= toMs)
      .map(({ name, worker, startMs, endMs }) => ({
        ms: startMs,
        text: `--- ${name}${worker === undefined ? '' : ` (worker ${worker})`} until ${at(endMs).trim()}`,
      })),
  ].sort((a, b) => a.ms - b.ms);
  const shown =
    events.length <= MAX_LINES
      ? events
      : [
          ...events.slice(0, MAX_LINES / 2),
          { ms: zeroMs, text: `… ${events.length - MAX_LINES} more` },
          ...events.slice(-MAX_LINES / 2),
        ];
  return [
    `${kind}: ${SPACES[key.space]}/${key.name} [${[...key.tags, ...key.lateTags.map((tag) => `late ${tag}`)].join(' ')}] read as v${read.version}, v${required} was due ${lateMs.toFixed(1)} ms before`,
    ...shown.map(({ ms, text }) => `  ${at(ms)}  ${text}`),
  ].join('\n');
}
