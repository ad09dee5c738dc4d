import { ENVELOPE_VERSION } from '../../codec/envelope.js';
import { PROTOCOL_VERSION } from '../../engine/coherence/announcement.js';
import { type KeyLayout, ROOT_GENERATION } from '../../engine/names/key-layout.js';
import type { BeatKey } from './beats.js';
import { cacheScripts } from './cache-scripts.js';
import type { ScriptCaller } from './script-caller.js';

/**
 * How the data of a namespace lies in Redis: number of partitions, versions of envelope and protocol. Instances with
 * different layouts would not hear each other's invalidations, so the layout is recorded in Redis beside the log, and an
 * instance that disagrees with the record does not use Redis.
 *
 * Invariant: an instance uses Redis only after it found its own layout in the record, and every heartbeat compares again.
 *
 * 1. The record is the instance's own layout: it uses Redis.
 * 2. The record is another layout: it does not, until the record changes.
 * 3. There is no record, or no instance has used it for fifteen minutes: the instance writes its own. What an earlier use of
 *    the same layout left is invalidated first, by deleting the version of the root generation: since then another layout
 *    may have been in use, whose invalidations did not reach these entries.
 * 4. The record of a layout that this instance has been using is gone (evicted, flushed): it is written again, and nothing is
 *    invalidated.
 */
export class RedisLayout {
  /** Text of this instance's layout, as in the record. */
  readonly own: string;
  #refusal: string | undefined;
  #isKnown = false;
  /** Whether the entries under this layout are its own: no other layout was in use since they were stored. */
  #isContinuous = false;
  #agreeing: Promise<boolean> | undefined;
  #onReturn: () => void = () => undefined;

  constructor(
    private readonly layout: KeyLayout,
    private readonly scripts: ScriptCaller,
  ) {
    this.own = `partitions=${layout.partitions} envelope=${ENVELOPE_VERSION} protocol=${PROTOCOL_VERSION}`;
  }

  /** Why Redis is not used; `undefined` while it may be. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Whether the record was compared at least once. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The record, for a heartbeat to look at; {@link observe} takes what it found. */
  get beatKey(): BeatKey {
    return { key: this.layout.record, layout: this.own };
  }

  /** The listener is called when Redis may be used again after a refusal: nothing that was known of it holds any more. */
  onReturn(listener: () => void): void {
    this.#onReturn = listener;
  }

  /** Compares the record, and writes it where it is missing. Resolves to whether Redis may be used. Concurrent calls share one. */
  agree(): Promise<boolean> {
    return (this.#agreeing ??= this.#agree().finally(() => (this.#agreeing = undefined)));
  }

  /** Takes what a heartbeat found in the record. Resolves to whether Redis may be used. */
  async observe(found: string): Promise<boolean> {
    if (found === 'vacant' || found === 'renew') return this.agree();
    this.#isKnown = true;
    const wasRefused = this.#refusal !== undefined;
    this.#refusal =
      found === ''
        ? undefined
        : `other instances of the namespace ${this.layout.namespace} use Redis with ${found}, this one with ${this.own}`;
    if (found !== '') this.#isContinuous = false;
    else if (wasRefused) this.#onReturn();
    return found === '';
  }

  async #agree(): Promise<boolean> {
    const found = await this.#call(cacheScripts.beat, ['0', this.own]);
    let state = Array.isArray(found) ? String(found[1]) : undefined;
    if (state === undefined) return false;
    if (state === 'vacant') await this.#invalidateEarlierEntries();
    else this.#isContinuous = state === '' || state === 'renew';
    if (state === 'vacant' || state === 'renew') {
      const claimed = await this.#call(cacheScripts.claimLayout, [this.own]);
      if (!Buffer.isBuffer(claimed)) return false;
      state = claimed.toString();
    }
    return this.observe(state);
  }

  /** A missing version is made anew, and differs from the one that entries were stored under. */
  async #invalidateEarlierEntries(): Promise<void> {
    if (this.#isContinuous) return;
    const { key } = this.layout.dependency(ROOT_GENERATION);
    this.#isContinuous = (await this.scripts.call('write', 'command', cacheScripts.forget, [key], [])) === 1;
  }

  #call(script: (typeof cacheScripts)[keyof typeof cacheScripts], args: readonly string[]): Promise<unknown> {
    return this.scripts.call('read', 'command', script, [this.layout.record], args);
  }
}
