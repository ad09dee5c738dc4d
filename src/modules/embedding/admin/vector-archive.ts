import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../common/clock.js';
import { ProblemException } from '../../../common/http/problems/problem.exception.js';
import { LineTooLongError, readLines } from '../../../common/read-lines.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { CLOCK } from '../embedding.tokens.js';
import { parseVectorKey } from '../vectors/vector-key.js';
import { tagsOf, VectorCaches } from '../vectors/vector-caches.js';
import { type VectorLocation, VectorScanner } from '../vectors/vector-scanner.js';
import { fromFloat32Bytes } from '../numbers/float32-bytes.js';
import { decodeVectorRecord, encodeVectorRecord } from '../vectors/vector-record.js';
import { type ExportedVector, exportedVectorSchema } from './embedding-admin.schemas.js';

/** The result of an import. */
export interface ImportOutcome {
  readonly imported: number;
  /** Vectors that had expired. */
  readonly expired: number;
  /** Vectors that Redis did not accept; send them again. */
  readonly failed: number;
  /** Numbers of the first hundred lines that are not an exported vector. */
  readonly refusedLines: readonly number[];
}

const MAX_REFUSED_LINES = 100;
/** The longest line, in bytes: a vector of 65,536 numbers takes 350 kB. */
const MAX_LINE_BYTES = 512 * 1_024;
/** The latest time a Date can hold. */
const LATEST_MS = 8.64e15;
/** Vectors stored at once. */
const STORED_AT_ONCE = 32;

/** Writes cached vectors as lines of JSON and reads them back, to move or to back up a cache. It contains hashes of texts, never texts. */
@Injectable()
export class VectorArchive {
  constructor(
    private readonly caches: VectorCaches,
    private readonly keys: VectorScanner,
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** One line per vector in Redis. Each vector comes at least once unless it is written meanwhile. */
  async *export(): AsyncGenerator<string, void> {
    for await (const stored of this.keys.scan()) {
      for (const [path, group] of Map.groupBy(stored, (location) => location.path)) {
        const lines = await this.readGroup(path, group);
        if (lines.length > 0) yield `${lines.join('\n')}\n`;
      }
    }
  }

  /**
   * Stores every valid line with its own age, for the rest of its ttl.
   *
   * @throws ProblemException 413 for a line above 512 KiB. Lines before it are stored.
   */
  async import(body: Readable): Promise<ImportOutcome> {
    try {
      return await this.importLines(readLines(body, MAX_LINE_BYTES));
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error;
      // The rest is read and dropped: a client that is still sending would not receive the answer otherwise.
      body.resume();
      throw new ProblemException(413, { detail: `${error.message} The lines before it may be stored.` });
    }
  }

  private async importLines(lines: AsyncIterable<string>): Promise<ImportOutcome> {
    const counts = { imported: 0, expired: 0, failed: 0 };
    const refusedLines: number[] = [];
    const waiting: ExportedVector[] = [];
    const storeWaiting = async () => {
      const outcomes = await Promise.all(waiting.splice(0).map((vector) => this.store(vector)));
      for (const outcome of outcomes) counts[outcome] += 1;
    };
    let number = 0;
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') continue;
      const vector = parseLine(line);
      if (vector) waiting.push(vector);
      else if (refusedLines.length < MAX_REFUSED_LINES) refusedLines.push(number);
      if (waiting.length === STORED_AT_ONCE) await storeWaiting();
    }
    await storeWaiting();
    return { ...counts, refusedLines };
  }

  private async readGroup(path: string, group: readonly VectorLocation[]): Promise<string[]> {
    const found = await this.caches.at(path).getManyEntries(group.map(({ key }) => key));
    const nowMs = this.clock.wallMs();
    return [...found].flatMap(([key, { value, ttlMs }]) => {
      const record = decodeVectorRecord(value, parseVectorKey(key)?.dimensions ?? 0);
      if (!record) return [];
      const { bytes, tokens, createdAtMs } = record;
      const line: ExportedVector = {
        path,
        key,
        tokens,
        createdAt: new Date(createdAtMs).toISOString(),
        ...(Number.isFinite(ttlMs) ? { expiresAt: new Date(Math.min(nowMs + ttlMs, LATEST_MS)).toISOString() } : {}),
        vector: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
      };
      return [JSON.stringify(line)];
    });
  }

  private async store(line: ExportedVector): Promise<'imported' | 'expired' | 'failed'> {
    const { path, key, tokens, createdAt, expiresAt, vector } = line;
    const ttlMs = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - this.clock.wallMs();
    if (ttlMs <= 0) return 'expired';
    const record = encodeVectorRecord({
      vector: fromFloat32Bytes(Buffer.from(vector, 'base64')),
      tokens,
      createdAtMs: Date.parse(createdAt),
      codec: this.config.codec,
    });
    const tags = tagsOf(parseVectorKey(key)?.namespace);
    const { status } = await this.caches.at(path).set(key, record, { ttlMs, tags });
    return status === 'applied' ? 'imported' : 'failed';
  }
}

function parseLine(line: string): ExportedVector | undefined {
  try {
    const vector = exportedVectorSchema.parse(JSON.parse(line));
    const { dimensions } = parseVectorKey(vector.key)!;
    const bytes = Buffer.from(vector.vector, 'base64');
    if (bytes.byteLength !== dimensions * 4) return undefined;
    // NaN and infinities are no JSON, and no distance to them means anything.
    return fromFloat32Bytes(bytes).every(Number.isFinite) ? vector : undefined;
  } catch {
    return undefined;
  }
}
