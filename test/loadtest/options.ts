import { parseArgs } from 'node:util';

/** The cache of the service in a phase. */
export type PhaseName = 'off' | 'redis' | 'both' | 'outage';

export const PHASE_NAMES: readonly PhaseName[] = ['off', 'redis', 'both', 'outage'];

export const PHASE_TITLES: Readonly<Record<PhaseName | 'target', string>> = {
  off: 'Cache off',
  redis: 'Redis only',
  both: 'Memory and Redis',
  outage: 'Both, Redis killed',
  target: 'Target',
};

/** A service that runs already, in place of one that the load test starts. */
export interface Target {
  readonly urls: readonly string[];
  /** Credentials. A kind of request whose credential is missing is left out. */
  readonly embeddingKey: string | undefined;
  readonly sessionKey: string | undefined;
}

export interface LoadTestOptions {
  readonly phases: readonly PhaseName[];
  /** Length of a phase, seconds. Its first {@link warmUpSeconds} are drawn, and left out of the totals. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Requests a second, sent at constant intervals whether or not earlier ones were answered. */
  readonly rate: number;
  /** Documents in the database. */
  readonly documents: number;
  /** Distinct texts, asked for by Zipf's law. */
  readonly texts: number;
  /** Time that the stand-in for a paid embedding API takes to answer, ms. */
  readonly originMs: number;
  readonly seed: number;
  /** Folder for the report. */
  readonly out: string;
  readonly target: Target | undefined;
}

export const USAGE = `npm run loadtest -- [options]

  --phases a,b       of off, redis, both, outage; default all
  --duration S       seconds of each phase; default 20
  --warm-up S        seconds at the start of a phase that the totals leave out; default 5
  --rate N           requests a second; default 300
  --documents N      rows in the documents table; default 20000
  --texts N          distinct texts to embed; default 5000
  --origin-ms MS     time the embedding API takes; default 100
  --seed N           of the random order of requests; default 1
  --out DIR          where loadtest.md and loadtest.html are written; default reports
  --quick            two seconds a phase, few rows: to see that it runs
  --target URL,URL   a service that runs already, instead of two instances started here. Its credentials:
                     LOADTEST_EMBEDDING_KEY, LOADTEST_SESSION_KEY; without one, its requests are left out
`;

const QUICK = { duration: '2', 'warm-up': '0', rate: '60', documents: '500', texts: '100', 'origin-ms': '20' };
const DEFAULTS = { duration: '20', 'warm-up': '5', rate: '300', documents: '20000', texts: '5000', 'origin-ms': '100' };

/** @throws Error naming the option that is invalid. */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): LoadTestOptions | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ phases: text, duration: text, 'warm-up': text, rate: text, documents: text, texts: text, 'origin-ms': text },
      ...{ seed: text, out: text, target: text, quick: { type: 'boolean' }, help: { type: 'boolean' } },
    },
  });
  if (values.help === true) return 'help';
  const defaults = values.quick === true ? QUICK : DEFAULTS;
  const number = (name: keyof typeof DEFAULTS, least: number): number => {
    const given = values[name] ?? defaults[name];
    const parsed = Number(given);
    if (!(parsed >= least)) throw new Error(`--${name} must be a number from ${least} on, not "${given}"`);
    return parsed;
  };
  const seconds = number('duration', 1);
  const warmUpSeconds = number('warm-up', 0);
  if (warmUpSeconds >= seconds) throw new Error('--warm-up must be shorter than --duration');
  return {
    phases: phasesOf(values.phases),
    seconds,
    warmUpSeconds,
    rate: number('rate', 1),
    documents: number('documents', 1),
    texts: number('texts', 1),
    originMs: number('origin-ms', 0),
    seed: Number(values.seed ?? 1),
    out: values.out ?? 'reports',
    target: values.target === undefined ? undefined : targetOf(values.target, env),
  };
}

function phasesOf(text: string | undefined): readonly PhaseName[] {
  if (text === undefined) return PHASE_NAMES;
  return text.split(',').map((name) => {
    const phase = PHASE_NAMES.find((known) => known === name.trim());
    if (phase === undefined) throw new Error(`--phases has no "${name}"; there are ${PHASE_NAMES.join(', ')}`);
    return phase;
  });
}

function targetOf(text: string, env: NodeJS.ProcessEnv): Target {
  const urls = text.split(',').map((url) => {
    if (!URL.canParse(url)) throw new Error(`--target must be URLs separated by commas, not "${url}"`);
    return new URL(url).origin;
  });
  return { urls, embeddingKey: env['LOADTEST_EMBEDDING_KEY'], sessionKey: env['LOADTEST_SESSION_KEY'] };
}
