import { print, printFigures } from './figures.js';

/** Figures of a run. Times in ms; "during" is from when the fault began until both instances were well again. */
export interface FaultReport {
  requests: number;
  failures: number;
  /** During. */
  p99Ms: number;
  /** During. */
  worstMs: number;
  /** From when Redis was back until both instances had hits from it. */
  hitsBackMs: number;
  /** From when Redis was back until both trusted it for reads and writes, and nothing waited to be sent. */
  wellMs: number;
  /** Reads of a value that an instance had invalidated so long before; `undefined` when the run was too short to see. */
  stale: Record<'0.1 s' | '1 s' | '10 s', number | undefined>;
  /** Reads that broke the promise, in words. */
  broken: string[];
  /** Calls of the loader, during. */
  loads: number;
  /** Invalidations that Redis did not take at once. */
  queued: number;
  /** Sets that Redis did not take at once, so that they were given up. */
  failedSets: number;
  /** Those of them that could be read in the end. */
  ghosts: number;
  /** Why Redis was judged to be less than well. */
  reasons: string[];
}

const COLUMNS: readonly (readonly [string, (report: FaultReport) => unknown])[] = [
  ['failed', ({ failures, requests }) => `${failures} of ${requests}`],
  ['p99, ms', ({ p99Ms }) => p99Ms],
  ['worst, ms', ({ worstMs }) => worstMs],
  ['hits back, ms', ({ hitsBackMs }) => hitsBackMs],
  ['well, ms', ({ wellMs }) => wellMs],
  [
    'stale at +0.1 / +1 / +10 s',
    ({ stale }) =>
      Object.values(stale)
        .map((count) => count ?? '–')
        .join(' / '),
  ],
  ['ghosts', ({ ghosts, failedSets }) => `${ghosts} of ${failedSets}`],
  ['loads', ({ loads }) => loads],
  ['reason', ({ reasons }) => reasons.join(', ') || '–'],
];

/** Reports of one test file: a line each as they come, and all as a Markdown table, for docs/guides/outages.md. */
export class FaultTable {
  readonly #rows: string[] = [];

  add(fault: string, report: FaultReport): void {
    printFigures(fault, { ...report });
    this.#rows.push(line([fault, ...COLUMNS.map(([, cell]) => cell(report))]));
  }

  print(): void {
    const header = [line(['fault', ...COLUMNS.map(([name]) => name)]), line(['', ...COLUMNS].map(() => '---'))];
    print(`\n${[...header, ...this.#rows].join('\n')}\n`);
  }
}

const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;
