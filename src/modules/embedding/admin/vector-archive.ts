import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { fromFloat32Bytes } from '../vector/float32-bytes.js';
import { VectorCaches } from '../store/vector-caches.js';
import { type StoredKey, VectorKeys } from '../store/vector-keys.js';
import { decodeVectorRecord, encodeVectorRecord } from '../vector/vector-record.js';
import { type ExportedVector, exportedVectorSchema } from './embedding-admin.schemas.js';

/** What an import did. */
export interface ImportOutcome {
  readonly imported: number;
  /** Lines that are no exported vector, by number, the first hundred. */
  readonly refusedLines: readonly number[];
}

const MAX_REFUSALS = 100;

/** Writes cached vectors as lines of JSON and reads them back, to move a cache or keep one. No text is in it: only hashes. */
@Injectable()
export class VectorArchive {
  constructor(
    private readonly caches: VectorCaches,
    private readonly keys: VectorKeys,
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

  /** Stores every line that is a vector, with its own age. */
  async import(body: Readable): Promise<ImportOutcome> {
    let imported = 0;
    let number = 0;
    const refusedLines: number[] = [];
    for await (const line of createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() === '') continue;
      const vector = parseLine(line);
      if (vector) {
        await this.store(vector);
        imported += 1;
      } else if (refusedLines.length < MAX_REFUSALS) refusedLines.push(number);
    }
    return { imported, refusedLines };
  }

  private async readGroup(path: string, group: readonly StoredKey[]): Promise<string[]> {
    const found = await this.caches.at(path).getMany(group.map(({ key }) => key));
    return [...found].flatMap(([key, stored]) => {
      const record = decodeVectorRecord(stored, dimensionsOf(key));
      if (!record) return [];
      const { bytes, tokens, createdAtMs } = record;
      const vector = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
      const line: ExportedVector = { path, key, tokens, createdAt: new Date(createdAtMs).toISOString(), vector };
      return [JSON.stringify(line)];
    });
  }

  private async store({ path, key, tokens, createdAt, vector }: ExportedVector): Promise<void> {
    const record = encodeVectorRecord({
      vector: fromFloat32Bytes(Buffer.from(vector, 'base64')),
      tokens,
      createdAtMs: Date.parse(createdAt),
      codec: 'f32',
    });
    await this.caches.at(path).set(key, record);
  }
}

function parseLine(line: string): ExportedVector | undefined {
  try {
    const vector = exportedVectorSchema.parse(JSON.parse(line));
    return Buffer.byteLength(vector.vector, 'base64') === dimensionsOf(vector.key) * 4 ? vector : undefined;
  } catch {
    return undefined;
  }
}

function dimensionsOf(key: string): number {
  return Number(key.split(':')[1]);
}
