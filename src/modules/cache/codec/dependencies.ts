import type { EnvelopeHeader, TagVersion } from './envelope.types.js';

/** Characters of a version: 12 for invalidation, 12 for expiry. */
const VERSION_LENGTH = 24;

const MAX_GENERATIONS = 0xff;
const MAX_TAG_BYTES = 0xffff;
const NO_GENERATIONS: readonly string[] = Object.freeze([]);
const NO_TAGS: readonly TagVersion[] = Object.freeze([]);

/** Sections up to this length are remembered: those of entries without tags, which are all alike in their namespace. */
const MAX_REMEMBERED = 1 + 4 * VERSION_LENGTH + 4;
/** Sections read lately, by the low bits of their first version. */
const remembered: { readonly bytes: Buffer; readonly dependencies: Dependencies }[] = [];

/** What an entry depends on: it is valid only while all these versions are current. */
export type Dependencies = Pick<EnvelopeHeader, 'generations' | 'tags'>;

const NONE: Dependencies = Object.freeze({ generations: NO_GENERATIONS, tags: NO_TAGS });

/** Bytes {@link writeDependencies} will take. */
export function dependenciesLength({ generations, tags }: Dependencies): number {
  if (generations.length === 0 && tags.length === 0) return 0;
  let length = 1 + generations.length * VERSION_LENGTH + 4;
  for (const { tag } of tags) length += 2 + Buffer.byteLength(tag) + VERSION_LENGTH;
  return length;
}

/**
 * Writes the dependency section documented in `envelope.types.ts`.
 *
 * @throws RangeError for a version that is not 24 ASCII characters, more than 255 generations, or a tag above 65,535 bytes.
 */
export function writeDependencies({ generations, tags }: Dependencies, bytes: Buffer, start: number): void {
  if (generations.length === 0 && tags.length === 0) return;
  if (generations.length > MAX_GENERATIONS) throw new RangeError(`More than ${MAX_GENERATIONS} nested namespaces`);
  let offset = bytes.writeUInt8(generations.length, start);
  for (const generation of generations) offset = writeVersion(generation, bytes, offset);
  offset = bytes.writeUInt32LE(tags.length, offset);
  for (const { tag, version } of tags) {
    const tagLength = bytes.write(tag, offset + 2);
    if (tagLength > MAX_TAG_BYTES) throw new RangeError(`A tag is longer than ${MAX_TAG_BYTES} bytes`);
    bytes.writeUInt16LE(tagLength, offset);
    offset = writeVersion(version, bytes, offset + 2 + tagLength);
  }
}

/**
 * Reads the section from `start` to `end`.
 *
 * @returns `undefined` when it does not end exactly at `end`.
 */
export function readDependencies(bytes: Buffer, start: number, end: number): Dependencies | undefined {
  if (start === end) return NONE;
  if (end - start > MAX_REMEMBERED) return parseDependencies(bytes, start, end);
  const place = (bytes[start + 1] as number) & 0xf;
  const known = remembered[place];
  if (known !== undefined && isSame(known.bytes, bytes, start, end)) return known.dependencies;
  const dependencies = parseDependencies(bytes, start, end);
  // Tags differ from entry to entry: remembering them would be a copy for every hit.
  if (dependencies?.tags.length === 0) {
    const copy = Buffer.allocUnsafeSlow(end - start);
    bytes.copy(copy, 0, start, end);
    remembered[place] = { bytes: copy, dependencies };
  }
  return dependencies;
}

function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

function parseDependencies(bytes: Buffer, start: number, end: number): Dependencies | undefined {
  const generationsEnd = start + 1 + bytes.readUInt8(start) * VERSION_LENGTH;
  if (generationsEnd + 4 > end) return undefined;
  const generations: string[] = [];
  for (let offset = start + 1; offset < generationsEnd; offset += VERSION_LENGTH) {
    generations.push(readVersion(bytes, offset));
  }
  const tags = readTags(bytes, generationsEnd, end);
  return tags && { generations, tags };
}

function readTags(bytes: Buffer, start: number, end: number): readonly TagVersion[] | undefined {
  const count = bytes.readUInt32LE(start);
  let offset = start + 4;
  if (count === 0) return offset === end ? NO_TAGS : undefined;
  const tags: TagVersion[] = [];
  while (offset + 2 <= end && tags.length < count) {
    const versionStart = offset + 2 + bytes.readUInt16LE(offset);
    if (versionStart + VERSION_LENGTH > end) return undefined;
    tags.push({ tag: bytes.toString('utf8', offset + 2, versionStart), version: readVersion(bytes, versionStart) });
    offset = versionStart + VERSION_LENGTH;
  }
  return offset === end && tags.length === count ? tags : undefined;
}

function writeVersion(version: string, bytes: Buffer, offset: number): number {
  if (version.length !== VERSION_LENGTH)
    throw new RangeError(`A version has ${version.length} characters, not ${VERSION_LENGTH}`);
  return offset + bytes.write(version, offset, 'latin1');
}

function readVersion(bytes: Buffer, offset: number): string {
  return bytes.toString('latin1', offset, offset + VERSION_LENGTH);
}
