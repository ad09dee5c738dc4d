/**
 * Changes the engine and the codec in thousands of small ways (Stryker's operators), one at a time, and runs the specs that
 * reach each change. A change that no spec notices has survived. Prints a table by room, then the survivors.
 *
 *   npm run test:mutation                                  engine and codec, their unit specs, at most 15 minutes
 *   npm run test:mutation -- --rooms engine/read,codec     some rooms
 *   npm run test:mutation -- --redis --sample 0.1          the specs of `test/integration/cache` as well, a tenth of the changes
 *   npm run test:mutation -- --seed 7 --minutes 5 --processes 1
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies } from './lib/dependencies.mjs';
import { become, fail, inProject, nodeProgram, say } from './lib/project.mjs';
import { ensureServers } from './lib/servers.mjs';
import { EQUIVALENTS } from './mutation/equivalents.mjs';
import { describeMutant, roomOf, scoreOf, tableOf } from './mutation/report.mjs';

const SOURCES = 'src/modules/cache';
const UNIT_SPECS = [`${SOURCES}/{engine,codec,composition}/**/*.spec.ts`];
const REDIS_SPECS = ['test/integration/cache/*.spec.ts'];

const { values: options } = parseArgs({
  options: {
    rooms: { type: 'string', default: 'engine,codec' },
    sample: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '15' },
    processes: { type: 'string', default: '2' },
    redis: { type: 'boolean', default: false },
  },
});

ensureDependencies();
const env = { ...process.env, ...(options.redis ? ensureServers().env : {}) };
const folder = mkdtempSync(join(tmpdir(), 'larder-mutation-'));
try {
  const report = join(folder, 'report.json');
  const config = join(folder, 'stryker.json');
  writeFileSync(config, JSON.stringify(configFor(report)));
  const stryker = inProject('node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  const code = await become(nodeProgram(), [stryker, 'run', config], { env });
  if (code !== 0) fail('The mutation run did not end. A spec that fails without any change is named above.');
  print(JSON.parse(readFileSync(report, 'utf8')));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function configFor(report) {
  return {
    testRunner: 'warm',
    plugins: [inProject('scripts', 'mutation', 'warm-runner.mjs')],
    testRunnerNodeArgs: ['--import', inProject('test', 'consistency', 'harness', 'typescript.mjs'), '--expose-gc'],
    warm: {
      // Unit specs first: most changes need no other.
      specs: options.redis ? [...UNIT_SPECS, ...REDIS_SPECS] : UNIT_SPECS,
      sample: Number(options.sample),
      seed: options.seed,
      deadline: Date.now() + Number(options.minutes) * 60_000,
    },
    mutate: options.rooms
      .split(',')
      .flatMap((room) => [`${SOURCES}/${room}/**/*.ts`, `!${SOURCES}/${room}/**/*.spec.ts`]),
    ignorePatterns: ['/docs', '/ops', '/bench', '/dist', '/.git', '/.larder'],
    coverageAnalysis: 'perTest',
    // Code that runs once, when its module is imported, would need a new process for each change.
    ignoreStatic: true,
    concurrency: Number(options.processes),
    // For changes that never let go of the processor. Tests that wait in vain have limits of their own.
    timeoutMS: 5_000,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: report },
    logLevel: 'warn',
    allowEmpty: true,
  };
}

function print({ files }) {
  const mutants = Object.entries(files).flatMap(([file, { source, mutants: own }]) =>
    own.map((mutant) => describeMutant(file, source, mutant)),
  );
  const survivors = mutants.filter(({ status }) => status === 'Survived');
  const isExplained = (mutant) =>
    EQUIVALENTS.some(({ file, change }) => mutant.file.endsWith(file) && mutant.change === change);
  const open = survivors.filter((mutant) => !isExplained(mutant));
  for (const mutant of survivors) if (isExplained(mutant)) mutant.status = 'Equivalent';
  say('');
  for (const { file, line, change } of open) console.log(`${file}:${line}  ${change}`);
  console.log(`\n${tableOf(byRoom(mutants))}`);
  const { score, judged } = scoreOf(mutants);
  console.log(`\n${score} % of ${judged} changes are noticed; ${open.length} survivors are listed above.`);
}

/** `Map.groupBy` needs a newer Node than this script may run on. */
function byRoom(mutants) {
  const rooms = new Map();
  for (const mutant of mutants) {
    const room = roomOf(mutant.file, SOURCES);
    rooms.set(room, [...(rooms.get(room) ?? []), mutant]);
  }
  return rooms;
}
