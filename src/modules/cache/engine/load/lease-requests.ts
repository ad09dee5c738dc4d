import type { LeaseMode, LeaseReply, LeaseRequest, RemoteTier } from '../ports/remote-tier.js';
import { RoundBatch } from '../../../../common/round-batch.js';

/** The reply to one request; `undefined`: Redis did not answer in time. */
export type LeaseAnswer = LeaseReply | undefined;

/** Sends the requests for leases of one round of the event loop together: many keys that are missed at once cost few commands. */
export class LeaseRequests {
  readonly #batches = new Map<string, RoundBatch<LeaseRequest, LeaseAnswer>>();

  constructor(
    private readonly tier: RemoteTier,
    /** Length of a lease that is asked for now, milliseconds. */
    private readonly leaseMs: () => number,
    /** How long a batch of so many requests may take at least, milliseconds. */
    private readonly minTimeoutMs: (count: number) => number,
  ) {}

  /** Answers in the order of `requests`. */
  send(requests: readonly LeaseRequest[], mode: LeaseMode, minTimeoutMs: number): Promise<readonly LeaseAnswer[]> {
    const name = `${mode} ${minTimeoutMs}`;
    let batch = this.#batches.get(name);
    if (batch === undefined) {
      batch = new RoundBatch((all) =>
        this.tier.lease(all, mode, this.leaseMs(), Math.max(minTimeoutMs, this.minTimeoutMs(all.length))),
      );
      this.#batches.set(name, batch);
    }
    return batch.send(requests);
  }
}
