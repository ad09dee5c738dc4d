import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../common/clock.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { CLOCK } from '../embedding.tokens.js';
import { parseVectorKey } from '../vectors/vector-key.js';
import { tagsOf, VectorCaches } from '../vectors/vector-caches.js';
import { type VectorLocation, VectorScanner } from '../vectors/vector-scanner.js';
import { fromFloat32Bytes } from '../numbers/float32-bytes.js';
import { decodeVectorRecord, encodeVectorRecord } from '../vectors/vector-record.js';
import { type ExportedVector, exportedVectorSchema } from './embedding-admin.schemas.js';

/** What an import did. */
export interface ImportOutcome {
  readonly imported: number;
  /** Vectors whose time was over. */
  readonly expired: number;
  /** Vectors that Redis did not take: send them again. */
  readonly failed: number;
  /** Lines that are no exported vector, by number, the first hundred. */
  readonly refusedLines: readonly number[];
}

const MAX_REFUSED_LINES = 100;
/** The last moment a Date can be. */
const LATEST_MS = 8.64e15;
/** Vectors stored at once. */
const STORED_AT_ONCE = 32;

/** Writes cached vectors as lines of JSON and reads them back, to move a cache or keep one. No text is in it: only hashes. */
@Injectable()
export class VectorArchive {
  constructor(
    private readonly caches: VectorCaches,
    private readonly keys: VectorScanner,
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A line for each vector in Redis. Each comes at least once while nothing is written meanwhile. */
  async *export(): AsyncGenerator<string, void> {
    for await (const stored of this.keys.scan()) {
      for (const [path, group] of Map.groupBy(stored, (one) => one.path)) {
        const lines = await this.readGroup(path, group);
        if (lines.length > 0) yield `${lines.join('\n')}\n`;
      }
    }
  }

  /** Stores every line that is a vector, with its own age, for as long as it had left. */
  async import(body: Readable): Promise<ImportOutcome> {
    const counts = { imported: 0, expired: 0, failed: 0 };
    const refusedLines: number[] = [];
    const waiting: ExportedVector[] = [];
    const storeWaiting = async () => {
      const outcomes = await Promise.all(waiting.splice(0).map((vector) => this.store(vector)));
      for (const outcome of outcomes) counts[outcome] += 1;
    };
    let number = 0;
    for await (const line of createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY })) {
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
    return Buffer.byteLength(vector.vector, 'base64') === dimensions * 4 ? vector : undefined;
  } catch {
    return undefined;
  }
}
