import { createHash } from 'node:crypto';
import { hashText } from '../../../../common/hash-text.js';
import type { SlotAddress } from '../ports/remote-tier.js';

/** Each partition has a log that is read at every heartbeat. */
export const MAX_PARTITIONS = 1_024;
const NAME = /^[\w.-]{1,64}$/;
/** Longer names go into Redis as their hash, so that no key exceeds a few hundred bytes. */
const MAX_PLAIN_LENGTH = 200;
/** Starts the memory keys of nested namespaces; a root key that starts with it is doubled. */
export const SEPARATOR = '\u0001';

/** Id of the root namespace's generation: its change clears everything. */
export const ROOT_GENERATION = 'g:';

/** Names of keys and channels in Redis that all namespaces of one cache share. */
export class KeyLayout {
  constructor(
    readonly namespace: string,
    readonly partitions: number,
  ) {
    assertName(namespace);
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS)
      throw new RangeError(`partitions is a whole number from 1 to ${MAX_PARTITIONS}.`);
  }

  address(memoryKey: string, path: string, key: string): SlotAddress {
    const name = `v:${path}:${plainOrHashed(key)}`;
    const partition = this.partitionOf(name);
    return { memoryKey, slot: this.key(partition, name), partition };
  }

  /** The slots of a namespace, as a pattern of `SCAN`. */
  slotPattern(path: string): string {
    const tag = this.partitions === 1 ? this.namespace : `${this.namespace}:*`;
    return `{${tag}}:v:${path}:*`;
  }

  /** The name in a slot of the namespace: a key, or the hash of one. `undefined` for a slot of another namespace. */
  nameInSlot(slot: string, path: string): string | undefined {
    const start = slot.indexOf('}') + `}:v:${path}:`.length;
    return slot.slice(slot.indexOf('}'), start) === `}:v:${path}:` ? slot.slice(start) : undefined;
  }

  /** The address of a memory key of any namespace of this cache. */
  addressOf(memoryKey: string): SlotAddress {
    const { path, key } = partsOf(memoryKey);
    return this.address(memoryKey, path, key);
  }

  key(partition: number, name: string): string {
    return this.partitions === 1 ? `{${this.namespace}}:${name}` : `{${this.namespace}:${partition}}:${name}`;
  }

  /** Key of the record of this layout. It does not depend on the number of partitions, so instances that differ in it find each other's. */
  get record(): string {
    return `{${this.namespace}}:layout`;
  }

  log(partition: number): string {
    return this.key(partition, 'log');
  }

  /** Key of a tag or generation. */
  dependency(id: string): { key: string; partition: number } {
    const partition = this.partitionOf(id);
    return { key: this.key(partition, id), partition };
  }

  /** The channel of announcements, and the pattern of Nest's event. */
  get channel(): string {
    return invalidationChannel(this.namespace);
  }

  partitionOf(name: string): number {
    return this.partitions === 1 ? 0 : hashText(name) % this.partitions;
  }
}

/** The channel on which the invalidations of a namespace are announced; also the pattern of Nest's event. */
export function invalidationChannel(namespace: string): string {
  return `${namespace}:invalidations`;
}

/** Splits a memory key into the path of its namespace and the key there. */
export function partsOf(memoryKey: string): { path: string; key: string } {
  const end = memoryKey.charCodeAt(0) === 1 ? memoryKey.indexOf(SEPARATOR, 1) : -1;
  return end === -1 ? { path: '', key: memoryKey } : { path: memoryKey.slice(1, end), key: memoryKey.slice(end + 1) };
}

/** Path of the namespace that the id of a tag or generation belongs to. */
export function pathOfDependency(id: string): string {
  const end = id.indexOf(':', 2);
  return end === -1 ? id.slice(2) : id.slice(2, end);
}

/** Whether `path` is the namespace `outer`, or one nested in it. */
export function isWithin(path: string, outer: string): boolean {
  return outer === '' || path === outer || path.startsWith(`${outer}/`);
}

/** Injective: a hashed name starts with `#`, and a plain name that starts with `#` gets a second one. Names with lone surrogates are hashed, since UTF-8 can't carry them. */
export function plainOrHashed(name: string): string {
  if (name.length <= MAX_PLAIN_LENGTH && name.isWellFormed()) return name.charCodeAt(0) === 0x23 ? `##${name}` : name;
  return `#${createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('base64url')}`;
}

/** The name that {@link plainOrHashed} was given; `undefined` where only its hash is known. */
export function plainNameOf(stored: string): string | undefined {
  if (!stored.startsWith('#')) return stored;
  return stored.startsWith('##') ? stored.slice(1) : undefined;
}

/** @throws RangeError for a name that can't be one of a namespace. */
export function assertName(name: string): void {
  if (!NAME.test(name))
    throw new RangeError(`Not a namespace: ${JSON.stringify(name)}. Use up to 64 letters, digits, '.', '_' and '-'.`);
}
