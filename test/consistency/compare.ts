/**
 * The same histories' check over Larder and its peers, as a Markdown table: `npm run consistency:compare -- --seed 7`.
 * The peers are installed by `npm install --prefix bench`.
 */
import { parseArgs } from 'node:util';
import { ALL_FAULTS, type FaultName } from './faults.js';
import { type ConsistencyReport, runConsistency } from './run-consistency.js';
import { SUBJECTS, type SubjectName } from './subjects/subjects.js';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '7' }, round: { type: 'string', default: '15000' } },
});

const SCENARIOS: Record<string, readonly FaultName[]> = {
  'nothing broken': [],
  'subscribers cut': ['subscribers cut', 'subscriber half-open'],
  'every fault': ALL_FAULTS,
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

print(`seed ${values.seed}, rounds of ${values.round} ms, ${new Date().toISOString().slice(0, 10)}\n`);
print(
  `| cache | ${Object.keys(SCENARIOS)
    .map((name) => `${name}: wrong of checked reads | longest`)
    .join(' | ')} |`,
);
print(`|---|${'---|---|'.repeat(Object.keys(SCENARIOS).length)}`);
for (const subject of Object.keys(SUBJECTS) as SubjectName[]) {
  const cells: string[] = [];
  for (const faults of Object.values(SCENARIOS)) {
    const report = await runConsistency({
      subject,
      faults,
      seed: Number(values.seed),
      roundMs: Number(values.round) * (faults.length > 2 ? 3 : 1),
      workers: 3,
    });
    cells.push(wrong(report), longest(report));
  }
  print(`| ${subject} | ${cells.join(' | ')} |`);
}

function wrong({ violations, checked }: ConsistencyReport): string {
  return `${violations.length} of ${checked}`;
}

/** How far past the promise. */
function longest({ violations }: ConsistencyReport): string {
  return violations.length === 0
    ? '–'
    : `${(Math.max(...violations.map(({ lateMs }) => lateMs)) / 1_000).toFixed(1)} s`;
}
