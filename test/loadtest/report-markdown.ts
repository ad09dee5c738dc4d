import { cpus } from 'node:os';
import { type LoadTestOptions, PHASE_TITLES } from './options.js';
import type { PhaseReport } from './run-phase.js';

/** The report as a Markdown document. */
export function markdownReport(phases: readonly PhaseReport[], options: LoadTestOptions): string {
  return [
    '# Load test',
    '',
    settingsOf(options),
    '',
    ...totalsTable(phases),
    '',
    ...kindsTable(phases),
    '',
    ...failures(phases),
    'Latency counts from the moment at which a request was due: a service that stalls is charged for every request that had',
    'to wait. Origin calls are texts that the embedding API computed and transactions that PostgreSQL committed.',
    '',
  ].join('\n');
}

/** A sentence about how the figures were made. */
export function settingsOf({
  rate,
  seconds,
  warmUpSeconds,
  documents,
  texts,
  originMs,
  target,
}: LoadTestOptions): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'processor'}, Node ${process.version}`;
  const subject =
    target === undefined
      ? `Two instances, PostgreSQL with ${documents} documents, ${texts} distinct texts and an embedding API that takes ${originMs} ms`
      : target.urls.join(', ');
  return `${subject}. ${rate} requests a second at constant intervals, by Zipf's law, ${seconds} s a phase (the first ${warmUpSeconds} s are not in the totals). ${new Date().toISOString().slice(0, 10)}, ${machine}.`;
}

function totalsTable(phases: readonly PhaseReport[]): string[] {
  return table(
    ['', 'answered', 'failed', 'p50 ms', 'p99 ms', 'p99.9 ms', 'hit rate', 'origin calls/s', 'CPU'],
    phases.map(({ name, byKind, total }) => {
      const { latency, failures } = byKind['all']!;
      return [
        PHASE_TITLES[name],
        latency.count,
        failures,
        ...[latency.p50, latency.p99, latency.p999].map(milliseconds),
        percent(total?.hitRate),
        total === undefined ? '–' : total.originCalls.toFixed(0),
        percent(total?.cpu),
      ];
    }),
  );
}

function kindsTable(phases: readonly PhaseReport[]): string[] {
  const kinds = [...new Set(phases.flatMap(({ byKind }) => Object.keys(byKind)))].filter((kind) => kind !== 'all');
  return table(
    ['p50 / p99 ms', ...phases.map(({ name }) => PHASE_TITLES[name])],
    kinds.map((kind) => [
      kind,
      ...phases.map(({ byKind }) => {
        const latency = byKind[kind]?.latency;
        return latency === undefined ? '–' : `${milliseconds(latency.p50)} / ${milliseconds(latency.p99)}`;
      }),
    ]),
  );
}

function failures(phases: readonly PhaseReport[]): string[] {
  const lines = phases.flatMap(({ name, failureReasons }) =>
    Object.entries(failureReasons).map(([reason, count]) => `- ${PHASE_TITLES[name]}: ${count} × ${reason}`),
  );
  return lines.length === 0 ? [] : ['Failed requests:', '', ...lines, ''];
}

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)];
}

const milliseconds = (ms: number): string => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0));
const percent = (share: number | undefined): string => (share === undefined ? '–' : `${(share * 100).toFixed(0)} %`);
