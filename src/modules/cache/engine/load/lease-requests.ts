import type { LeaseMode, LeaseReply, LeaseRequest, RemoteTier } from '../ports/remote-tier.js';

/** The reply to one request; `undefined`: Redis did not answer in time. */
export type LeaseAnswer = LeaseReply | undefined;

/** Requests of one tick that can be sent together. */
interface Batch {
  readonly mode: LeaseMode;
  readonly minTimeoutMs: number;
  readonly requests: LeaseRequest[];
  /** One for each call, in the order of the requests. */
  readonly listeners: ((answers: readonly LeaseAnswer[]) => void)[];
}

/** Sends the requests for leases of one tick together: many keys that are missed at once cost few commands. */
export class LeaseRequests {
  #batches = new Map<string, Batch>();

  constructor(
    private readonly tier: RemoteTier,
    /** Length of a lease that is asked for now, milliseconds. */
    private readonly leaseMs: () => number,
    /** How long a batch of so many requests may take at least, milliseconds. */
    private readonly minTimeoutMs: (count: number) => number,
  ) {}

  /** Answers in the order of `requests`. */
  send(requests: readonly LeaseRequest[], mode: LeaseMode, minTimeoutMs: number): Promise<readonly LeaseAnswer[]> {
    const batch = this.#batchOf(mode, minTimeoutMs);
    const from = batch.requests.length;
    for (const request of requests) batch.requests.push(request);
    return new Promise((resolve) => {
      batch.listeners.push((answers) => resolve(answers.slice(from, from + requests.length)));
    });
  }

  #batchOf(mode: LeaseMode, minTimeoutMs: number): Batch {
    // Runs when every promise of this tick has settled, so loads that were started together ask together.
    if (this.#batches.size === 0) process.nextTick(this.#flush);
    const name = `${mode} ${minTimeoutMs}`;
    let batch = this.#batches.get(name);
    if (batch === undefined) {
      batch = { mode, minTimeoutMs, requests: [], listeners: [] };
      this.#batches.set(name, batch);
    }
    return batch;
  }

  readonly #flush = (): void => {
    const batches = this.#batches;
    this.#batches = new Map();
    for (const batch of batches.values()) void this.#sendBatch(batch);
  };

  async #sendBatch({ mode, minTimeoutMs, requests, listeners }: Batch): Promise<void> {
    const timeoutMs = Math.max(minTimeoutMs, this.minTimeoutMs(requests.length));
    const answers = await this.tier.lease(requests, mode, this.leaseMs(), timeoutMs);
    for (const listener of listeners) listener(answers);
  }
}
