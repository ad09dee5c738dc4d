import type { HttpClient } from './http-client.js';

/** Totals of the service at one moment, summed over its instances. */
export interface Totals {
  readonly hits: number;
  readonly misses: number;
  /** Processor time of the instances, seconds. */
  readonly cpuSeconds: number;
  /** Texts that the embedding API computed. */
  readonly originTexts: number;
  /** Transactions that PostgreSQL committed. */
  readonly transactions: number;
}

/** The difference of two {@link Totals}: one second of a phase. */
export interface SampledSecond {
  readonly hitRate: number | undefined;
  /** Share of one processor, summed over the instances. */
  readonly cpu: number;
  /** Texts that were paid for, and transactions of the database. */
  readonly originCalls: number;
}

export interface SampleSources {
  readonly client: HttpClient;
  readonly origins: readonly string[];
  readonly metricsToken: string;
  readonly originTexts: () => number;
  readonly transactions: () => Promise<number>;
}

export async function readTotals(sources: SampleSources): Promise<Totals> {
  const { client, origins, metricsToken } = sources;
  const headers = { authorization: `Bearer ${metricsToken}` };
  const pages = await Promise.all(
    origins.map(async (origin) => (await client.send(origin, { method: 'GET', path: '/metrics', headers })).body),
  );
  const sum = (name: string): number => pages.reduce((total, page) => total + sumOf(page.toString(), name), 0);
  return {
    hits: sum('larder_cache_hits_total'),
    misses: sum('larder_cache_misses_total'),
    cpuSeconds: sum('process_cpu_seconds_total'),
    originTexts: sources.originTexts(),
    transactions: await sources.transactions(),
  };
}

export function between(earlier: Totals, later: Totals, seconds: number): SampledSecond {
  const hits = later.hits - earlier.hits;
  const reads = hits + later.misses - earlier.misses;
  return {
    hitRate: reads > 0 ? hits / reads : undefined,
    cpu: (later.cpuSeconds - earlier.cpuSeconds) / seconds,
    originCalls: (later.originTexts - earlier.originTexts + later.transactions - earlier.transactions) / seconds,
  };
}

/** The sum of a metric over its labels, in Prometheus' text format. */
function sumOf(page: string, name: string): number {
  let sum = 0;
  for (const line of page.split('\n')) {
    if (!line.startsWith(name) || !' {'.includes(line[name.length] ?? '')) continue;
    sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}
