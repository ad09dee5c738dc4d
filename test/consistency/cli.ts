/**
 * The long run: `npm run consistency -- --reads 1000000 --seed 7`.
 *
 *   --subject larder|naive|bentocache|cache-manager   default larder
 *   --reads N      reads to check, default 100,000
 *   --seed N       default: from the clock, printed
 *   --workers N    processes, default 4
 *   --faults a,b   names, `none`, default all
 *   --round MS     length of a round
 */
import { parseArgs } from 'node:util';
import { ALL_FAULTS, type FaultName } from './faults.js';
import { type ConsistencyReport, runConsistency } from './run-consistency.js';
import { SUBJECTS, type SubjectName } from './subjects/subjects.js';

const { values } = parseArgs({
  options: {
    subject: { type: 'string', default: 'larder' },
    reads: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    workers: { type: 'string', default: '4' },
    faults: { type: 'string', default: 'all' },
    round: { type: 'string', default: '30000' },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const subject = values.subject as SubjectName;
if (!(subject in SUBJECTS))
  throw new Error(`No such subject: ${subject}. There are ${Object.keys(SUBJECTS).join(', ')}.`);
const faults =
  values.faults === 'all' ? ALL_FAULTS : values.faults === 'none' ? [] : (values.faults.split(',') as FaultName[]);

print(`${subject}, seed ${values.seed}`);
const startedMs = Date.now();
const report = await runConsistency({
  subject,
  faults,
  seed: Number(values.seed),
  reads: Number(values.reads),
  workers: Number(values.workers),
  roundMs: Number(values.round),
  onRound: (soFar) =>
    print(`round ${soFar.rounds}: ${soFar.checked} reads checked, ${soFar.violations.length} violations`),
});
summarise(report);
process.exitCode = report.violations.length > 0 ? 1 : 0;

function summarise({ traces, violations, ...figures }: ConsistencyReport): void {
  for (const trace of traces) print(`\n${trace}`);
  const byKind: Record<string, number> = {};
  for (const { kind } of violations) byKind[kind] = (byKind[kind] ?? 0) + 1;
  print(
    JSON.stringify(
      { ...figures, seconds: Math.round((Date.now() - startedMs) / 1_000), violations: violations.length, byKind },
      null,
      2,
    ),
  );
}
