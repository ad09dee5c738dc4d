/** The load test: `npm run loadtest -- --help`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Origins } from './fleet.js';
import { type LoadTestOptions, parseOptions, PHASE_TITLES, USAGE } from './options.js';
import { htmlReport } from './report-html.js';
import { markdownReport } from './report-markdown.js';
import { type PhaseReport, runPhase, runTarget } from './run-phase.js';

const isTerminal = process.stderr.isTTY;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: LoadTestOptions | 'help';
  try {
    options = parseOptions(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const phases = await runAll(options);
  const folder = resolve(process.env['INIT_CWD'] ?? process.cwd(), options.out);
  mkdirSync(folder, { recursive: true });
  const markdown = markdownReport(phases, options);
  writeFileSync(join(folder, 'loadtest.md'), markdown);
  writeFileSync(join(folder, 'loadtest.html'), htmlReport(phases, options));
  process.stdout.write(`${markdown}\nWritten: ${join(folder, 'loadtest.md')} and loadtest.html\n`);
  return 0;
}

async function runAll(options: LoadTestOptions): Promise<PhaseReport[]> {
  if (options.target !== undefined) return [await runTarget(options, showProgress)];
  showLine('Starting PostgreSQL and filling it...');
  const origins = await Origins.start(options);
  try {
    const reports: PhaseReport[] = [];
    for (const phase of options.phases) {
      showLine(`${PHASE_TITLES[phase]}: starting two instances...`);
      reports.push(await runPhase(phase, origins, options, showProgress));
    }
    return reports;
  } finally {
    await origins.stop();
  }
}

function showLine(line: string): void {
  process.stderr.write(`${isTerminal ? '\r\u001b[K' : ''}${line}\n`);
}

/** On a terminal, a line that changes. */
function showProgress(line: string): void {
  if (isTerminal) process.stderr.write(`\r\u001b[K${line}`);
}
