import { Fleet, type Origins } from './fleet.js';
import { HttpClient } from './http-client.js';
import { runOpenLoop } from './open-loop.js';
import type { LoadTestOptions, PhaseName } from './options.js';
import { Recorder, type SecondSummary } from './recorder.js';
import { between, readTotals, type SampledSecond, type SampleSources, type Totals } from './sampler.js';
import { createSessions, findDocumentIds, plannedCalls, type WorkloadData } from './workload.js';

/** The figures of a phase. */
export interface PhaseReport {
  readonly name: PhaseName | 'target';
  /** By second of the phase. */
  readonly seconds: readonly SecondSummary[];
  /** By second, from the instances and origins; empty for a target. */
  readonly samples: readonly SampledSecond[];
  /** After the warm-up, by kind of request, with the total under `all`. */
  readonly byKind: Readonly<Record<string, SecondSummary>>;
  /** After the warm-up; `undefined` for a target. */
  readonly total: SampledSecond | undefined;
  readonly failureReasons: Readonly<Record<string, number>>;
  /** When Redis was killed and started again, seconds from the start. */
  readonly outage: { readonly from: number; readonly to: number } | undefined;
}

/** Called with a line of progress, about once a second. */
export type Progress = (line: string) => void;

/** Runs one phase against two instances that are started for it. */
export async function runPhase(
  name: PhaseName,
  origins: Origins,
  options: LoadTestOptions,
  onProgress: Progress,
): Promise<PhaseReport> {
  const fleet = await Fleet.start(name, origins);
  const client = new HttpClient();
  try {
    const [first] = fleet.origins;
    const data: WorkloadData = {
      documentIds: await findDocumentIds(client, first!),
      sessionTokens: await createSessions(client, first!, fleet.keys.session),
      embeddingKey: fleet.keys.embedding,
      documentsToken: fleet.keys.documents,
      texts: options.texts,
    };
    const sources: SampleSources = {
      client,
      origins: fleet.origins,
      metricsToken: fleet.keys.metrics,
      originTexts: () => origins.embedding.texts,
      transactions: () => origins.transactions(),
    };
    return await drive({ name, fleet, client, urls: fleet.origins, data, sources, options, onProgress });
  } finally {
    client.close();
    await fleet.stop();
  }
}

/** Runs the load against a service that is there already. */
export async function runTarget(options: LoadTestOptions, onProgress: Progress): Promise<PhaseReport> {
  const { urls, embeddingKey, sessionKey } = options.target!;
  const client = new HttpClient();
  try {
    const data: WorkloadData = {
      documentIds: await findDocumentIds(client, urls[0]!).catch(() => []),
      sessionTokens: sessionKey === undefined ? [] : await createSessions(client, urls[0]!, sessionKey),
      embeddingKey,
      // Nothing of a service that is in use is changed.
      documentsToken: undefined,
      texts: options.texts,
    };
    return await drive({ name: 'target', client, urls, data, options, onProgress });
  } finally {
    client.close();
  }
}

interface Drive {
  readonly name: PhaseReport['name'];
  readonly fleet?: Fleet;
  readonly client: HttpClient;
  readonly urls: readonly string[];
  readonly data: WorkloadData;
  readonly sources?: SampleSources;
  readonly options: LoadTestOptions;
  readonly onProgress: Progress;
}

async function drive({ name, fleet, client, urls, data, sources, options, onProgress }: Drive): Promise<PhaseReport> {
  const { seconds, warmUpSeconds, rate, seed } = options;
  const recorder = new Recorder(warmUpSeconds);
  const outage = name === 'outage' ? { from: seconds / 3, to: (2 * seconds) / 3 } : undefined;
  const totals: Promise<Totals>[] = [];
  const steps: Promise<void>[] = [];
  let isKilled = false;
  let isRestarted = false;
  const onTick = (elapsedMs: number): void => {
    if (sources !== undefined && elapsedMs >= totals.length * 1_000) {
      totals.push(readTotals(sources));
      onProgress(`${name}: second ${totals.length} of ${seconds}`);
    }
    if (outage === undefined || fleet?.redis === undefined) return;
    if (!isKilled && elapsedMs >= outage.from * 1_000) {
      isKilled = true;
      steps.push(fleet.redis.kill());
    }
    if (!isRestarted && elapsedMs >= outage.to * 1_000) {
      isRestarted = true;
      steps.push(fleet.redis.restart());
    }
  };
  await runOpenLoop({ client, origins: urls, calls: plannedCalls(data, seed), rate, seconds, recorder, onTick });
  await Promise.all(steps);
  if (sources !== undefined) totals.push(readTotals(sources));
  const read = await Promise.all(totals);
  const samples = read.slice(1).map((later, i) => between(read[i]!, later, 1));
  return {
    name,
    seconds: recorder.seconds(),
    samples,
    byKind: recorder.byKind(),
    total:
      read.length < 2
        ? undefined
        : between(read[Math.min(warmUpSeconds, read.length - 2)]!, read.at(-1)!, seconds - warmUpSeconds),
    failureReasons: recorder.failureReasons(),
    outage,
  };
}
