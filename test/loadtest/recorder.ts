import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

const LONGEST_US = 120_000_000;

/** Latencies of some requests, ms. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** One second of a phase. */
export interface SecondSummary {
  readonly latency: LatencySummary;
  readonly failures: number;
}

/**
 * Latencies of a phase, by second and by kind of request. A latency counts from the moment at which a request was due, not
 * from the moment at which it was sent: a service that stalls is then charged for every request that had to wait (coordinated
 * omission, Gil Tene).
 */
export class Recorder {
  readonly #seconds: { readonly latencies: RecordableHistogram; failures: number }[] = [];
  readonly #kinds = new Map<string, { readonly latencies: RecordableHistogram; failures: number }>();
  readonly #failureReasons = new Map<string, number>();

  /** @param warmUpSeconds seconds at the start that {@link byKind} leaves out. */
  constructor(private readonly warmUpSeconds: number) {}

  /** @param dueMs when the request was due, from the start of the phase. @param failure the reason of a failed request. */
  record(kind: string, dueMs: number, latencyMs: number, failure: string | undefined): void {
    const second = Math.floor(dueMs / 1_000);
    while (this.#seconds.length <= second) this.#seconds.push({ latencies: newHistogram(), failures: 0 });
    const buckets = [this.#seconds[second]!];
    if (second >= this.warmUpSeconds) {
      if (!this.#kinds.has(kind)) this.#kinds.set(kind, { latencies: newHistogram(), failures: 0 });
      buckets.push(this.#kinds.get(kind)!);
    }
    const latencyUs = Math.min(LONGEST_US, Math.max(1, Math.round(latencyMs * 1_000)));
    for (const bucket of buckets) {
      if (failure === undefined) bucket.latencies.record(latencyUs);
      else bucket.failures += 1;
    }
    if (failure !== undefined) this.#failureReasons.set(failure, (this.#failureReasons.get(failure) ?? 0) + 1);
  }

  seconds(): readonly SecondSummary[] {
    return this.#seconds.map(({ latencies, failures }) => ({ latency: summaryOf(latencies), failures }));
  }

  /** After the warm-up, with the total under `all`. */
  byKind(): Readonly<Record<string, SecondSummary>> {
    const all = newHistogram();
    let failed = 0;
    for (const { latencies, failures } of this.#kinds.values()) {
      all.add(latencies);
      failed += failures;
    }
    const kinds = [...this.#kinds].sort(([a], [b]) => a.localeCompare(b));
    return {
      all: { latency: summaryOf(all), failures: failed },
      ...Object.fromEntries(
        kinds.map(([kind, { latencies, failures }]) => [kind, { latency: summaryOf(latencies), failures }]),
      ),
    };
  }

  /** How often requests failed, by reason. */
  failureReasons(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#failureReasons);
  }
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LONGEST_US, figures: 3 });
}

function summaryOf(latencies: RecordableHistogram): LatencySummary {
  const at = (percentile: number): number => (latencies.count === 0 ? 0 : latencies.percentile(percentile) / 1_000);
  return {
    count: latencies.count,
    p50: at(50),
    p99: at(99),
    p999: at(99.9),
    max: latencies.count === 0 ? 0 : latencies.max / 1_000,
  };
}
