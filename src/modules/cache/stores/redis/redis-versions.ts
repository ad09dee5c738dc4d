import type { Clock } from '../../../../common/clock.js';
import type { RedisPool } from '../../../redis/library.js';
import type { KeyLayout } from '../../engine/names/key-layout.js';
import type { HeldVersion, StoredVersion } from '../../engine/ports/remote-tier.js';
import { isVersion, newVersion, type Version } from '../../engine/versions/version.js';
import { cacheScripts } from './cache-scripts.js';
import { byPartition } from './partitions.js';
import type { ScriptCaller } from './script-caller.js';

/** Keys in one script: it holds up other clients shortly. */
const MAX_KEYS = 200;

/** A script for many keys takes its time in Redis and in the parser. */
const LIMIT_MS_PER_KEY = 0.2;

/** Characters of a version; a key holds one more while a single load uses it. */
const VERSION_LENGTH = 24;

/**
 * Versions of tags and generations in Redis: one key each, which lives as long as the longest entry under it may
 * (`docs/decisions/0012-keys-of-tags-expire.md`).
 */
export class RedisVersions {
  constructor(
    private readonly pool: RedisPool,
    private readonly layout: KeyLayout,
    private readonly scripts: ScriptCaller,
    private readonly clock: Clock,
  ) {}

  /** Writes nothing; `undefined` in the list where Redis has none. */
  async read(ids: readonly string[]): Promise<ReadonlyArray<Version | undefined> | undefined> {
    const found: (Version | undefined)[] = new Array(ids.length).fill(undefined);
    const isAnswered = await this.#each(ids, async (keys, indexes) => {
      const answer = await this.scripts.call('read', limitOf(ids), cacheScripts.versions, keys, [0]);
      if (!Array.isArray(answer)) return false;
      indexes.forEach((index, i) => {
        const version = toText(answer[i]);
        if (isVersion(version)) found[index] = version;
      });
      return true;
    });
    return isAnswered ? found : undefined;
  }

  /** `undefined` in the list where Redis did not answer, or could not make a version. */
  async hold(ids: readonly string[], holdMs: number): Promise<ReadonlyArray<HeldVersion | undefined>> {
    const held: (HeldVersion | undefined)[] = new Array(ids.length).fill(undefined);
    await this.#each(ids, async (keys, indexes) => {
      const args = [holdMs, ...keys.map(() => newVersion())];
      const answer = await this.scripts.call('read', limitOf(ids), cacheScripts.versions, keys, args);
      if (!Array.isArray(answer)) return false;
      indexes.forEach((index, i) => (held[index] = toHeldVersion(answer[i], answer[keys.length + i])));
      return true;
    });
    return held;
  }

  drop(versions: ReadonlyArray<{ readonly id: string; readonly version: Version }>): void {
    if (!this.pool.monitor.canWrite()) return;
    const ids = versions.map(({ id }) => id);
    void this.#each(ids, async (keys, indexes) => {
      const known = indexes.map((index) => versions[index]!.version);
      await this.scripts.call('write', 'budget', cacheScripts.dropVersions, keys, known);
      return true;
    });
  }

  /**
   * Keeps versions that have another partition than the entries under them, so that the entries' script can't. Nothing is sent
   * for those that Redis is known to keep long enough.
   */
  keepElsewhere(entries: readonly EntryVersions[]): void {
    if (this.layout.partitions === 1) return;
    const nowMs = this.clock.nowMs();
    const elsewhere = entries.flatMap(({ partition, versions }) =>
      versions.filter(({ id }) => this.layout.partitionOf(id) !== partition),
    );
    const wanted = distinct(elsewhere).filter(
      ({ isLone, keptUntilMs, keepMs }) => isLone || keptUntilMs < nowMs + keepMs / 2,
    );
    if (wanted.length === 0) return;
    const ids = wanted.map(({ id }) => id);
    void this.#each(ids, async (keys, indexes) => {
      const args = indexes.flatMap((index) => keepArguments(wanted[index]!));
      await this.scripts.call('write', 'budget', cacheScripts.keepVersions, keys, args);
      return true;
    });
  }

  /** The versions that the script of an entry keeps: those in its partition. */
  keptWith({ partition, versions }: EntryVersions): readonly StoredVersion[] {
    return this.layout.partitions === 1
      ? versions
      : versions.filter(({ id }) => this.layout.partitionOf(id) === partition);
  }

  /** One script call per partition. Resolves to whether each was answered. */
  async #each(
    ids: readonly string[],
    call: (keys: readonly string[], indexes: readonly number[]) => Promise<boolean>,
  ): Promise<boolean> {
    const wanted = ids.map((id) => this.layout.dependency(id));
    const calls = byPartition(wanted, ({ partition }) => partition, { maxItems: MAX_KEYS }).map(({ items, indexes }) =>
      call(
        items.map(({ key }) => key),
        indexes,
      ),
    );
    return (await Promise.all(calls)).every(Boolean);
  }
}

/** An entry's versions, and the partition of its slot. */
export interface EntryVersions {
  readonly partition: number;
  readonly versions: readonly StoredVersion[];
}

/** A version as the scripts take it. */
export function keepArguments({ version, keepMs, isLone }: StoredVersion): [Version, number, number] {
  return [version, keepMs === Number.POSITIVE_INFINITY ? 0 : keepMs, isLone ? 1 : 0];
}

/** Each version once, for the longest of the entries under it. */
export function distinct(versions: readonly StoredVersion[]): readonly StoredVersion[] {
  const byId = new Map<string, StoredVersion>();
  for (const one of versions) {
    const other = byId.get(one.id);
    if (other === undefined || one.keepMs > other.keepMs) byId.set(one.id, one);
  }
  return [...byId.values()];
}

/** How long versions are waited for at least, milliseconds: as long as the leases that are asked for beside them. */
function limitOf(ids: readonly string[]): number {
  return ids.length > 1 ? ids.length * LIMIT_MS_PER_KEY : 0;
}

function toText(answer: unknown): string | undefined {
  if (Buffer.isBuffer(answer)) return answer.toString('latin1');
  return typeof answer === 'string' ? answer : undefined;
}

function toHeldVersion(answer: unknown, keptMs: unknown): HeldVersion | undefined {
  const text = toText(answer);
  const version = text?.slice(0, VERSION_LENGTH);
  if (!isVersion(version)) return undefined;
  const ms = Number(keptMs);
  return { version, keptMs: ms < 0 ? Number.POSITIVE_INFINITY : ms, isNew: text!.length > VERSION_LENGTH };
}
