import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type LoadTestOptions, PHASE_TITLES } from './options.js';
import { settingsOf } from './report-markdown.js';
import type { PhaseReport } from './run-phase.js';

/** A chart: a value for each second of each phase. */
interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly isLogarithmic: boolean;
  readonly valuesOf: (phase: PhaseReport) => readonly (number | null)[];
}

const latencies = (title: string, at: 'p50' | 'p99' | 'p999'): Chart => ({
  title,
  unit: 'ms',
  isLogarithmic: true,
  valuesOf: ({ seconds }) => seconds.map(({ latency }) => (latency.count === 0 ? null : latency[at])),
});

const CHARTS: readonly Chart[] = [
  latencies('Latency, p50', 'p50'),
  latencies('Latency, p99', 'p99'),
  latencies('Latency, p99.9', 'p999'),
  {
    title: 'Answered requests',
    unit: '/s',
    isLogarithmic: false,
    valuesOf: ({ seconds }) => seconds.map(({ latency }) => latency.count),
  },
  {
    title: 'Calls of the origins (texts paid for, database transactions)',
    unit: '/s',
    isLogarithmic: false,
    valuesOf: ({ samples }) => samples.map(({ originCalls }) => originCalls),
  },
  {
    title: 'Hit rate',
    unit: '%',
    isLogarithmic: false,
    valuesOf: ({ samples }) => samples.map(({ hitRate }) => (hitRate === undefined ? null : hitRate * 100)),
  },
  {
    title: 'Processor time of both instances',
    unit: '% of a processor',
    isLogarithmic: false,
    valuesOf: ({ samples }) => samples.map(({ cpu }) => cpu * 100),
  },
];

/** The report as one HTML file that needs nothing else: charts by uPlot, which is copied into it. */
export function htmlReport(phases: readonly PhaseReport[], options: LoadTestOptions): string {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  const asset = (name: string): string => readFileSync(join(folder, 'dist', name), 'utf8');
  const charts = CHARTS.map(({ title, unit, isLogarithmic, valuesOf }) => ({
    title,
    unit,
    isLogarithmic,
    series: phases.map((phase) => ({ label: PHASE_TITLES[phase.name], values: valuesOf(phase) })),
  })).filter(({ series }) => series.some(({ values }) => values.length > 0));
  const outage = phases.find((phase) => phase.outage !== undefined)?.outage;
  const data = JSON.stringify({ charts, outage }).replaceAll('<', String.raw`\u003c`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Larder load test</title>
<style>${asset('uPlot.min.css')}
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c2024; background: #fff; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .25rem; }
table { border-collapse: collapse; margin: 1.5rem 0; } th, td { padding: .35rem .8rem; text-align: right; border-bottom: 1px solid #dfe3e6; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; }
.wide { overflow-x: auto; } .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 2rem 1.5rem; }
p { max-width: 60rem; color: #4a5258; }
</style>
</head>
<body>
<h1>Larder load test</h1>
<p>${escapeHtml(settingsOf(options))}</p>
<div class="wide">${summaryTable(phases)}</div>
<div class="charts" id="charts"></div>
<p>Latency counts from the moment at which a request was due: a service that stalls is charged for every request that had to wait.
${outage === undefined ? '' : 'The grey band is the time in which Redis was killed, in the phase with that name.'}</p>
<script>${asset('uPlot.iife.min.js')}</script>
<script>
const { charts, outage } = ${data};
${readFileSync(new URL('./report-charts.browser.js', import.meta.url), 'utf8')}
</script>
</body>
</html>
`;
}

function summaryTable(phases: readonly PhaseReport[]): string {
  const rows = phases.map(({ name, byKind, total }) => {
    const { latency, failures } = byKind['all']!;
    const cells = [
      PHASE_TITLES[name],
      latency.count,
      failures,
      ...[latency.p50, latency.p99, latency.p999].map((ms) => ms.toFixed(1)),
      total?.hitRate === undefined ? '–' : `${(total.hitRate * 100).toFixed(0)} %`,
      total === undefined ? '–' : total.originCalls.toFixed(0),
      total === undefined ? '–' : `${(total.cpu * 100).toFixed(0)} %`,
    ];
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(String(cell))}</td>`).join('')}</tr>`;
  });
  const header = ['', 'answered', 'failed', 'p50 ms', 'p99 ms', 'p99.9 ms', 'hit rate', 'origin calls/s', 'CPU'];
  return `<table><thead><tr>${header.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
