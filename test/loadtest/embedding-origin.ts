import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const VECTORS = 64;

/** A request in OpenAI's shape. */
interface EmbeddingsBody {
  readonly input: string | readonly string[];
  readonly dimensions?: number;
  readonly encoding_format?: 'float' | 'base64';
}

/**
 * A stand-in for a paid embedding API: it answers after a fixed time, as such APIs do, and counts every text, which is the
 * bill. Its vectors are random and of length 1.
 */
export class EmbeddingOrigin {
  readonly key = 'loadtest-origin-key';
  texts = 0;
  readonly #vectors = new Map<number, readonly Float32Array[]>();

  private constructor(
    private readonly server: Server,
    private readonly answerMs: number,
  ) {}

  static async start(answerMs: number): Promise<EmbeddingOrigin> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as EmbeddingsBody;
        setTimeout(() => response.end(origin.#answer(body)), origin.answerMs);
        response.setHeader('content-type', 'application/json');
      });
    });
    const origin = new EmbeddingOrigin(server, answerMs);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  #answer({ input, dimensions = 1_536, encoding_format: format = 'float' }: EmbeddingsBody): string {
    const texts = typeof input === 'string' ? [input] : input;
    const data = texts.map((text, index) => {
      const vector = this.#vectorsOf(dimensions)[this.texts++ % VECTORS]!;
      const embedding = format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
      return { object: 'embedding', index, embedding };
    });
    const tokens = texts.length * 5;
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return JSON.stringify({ object: 'list', model: 'text-embedding-3-small', data, usage });
  }

  #vectorsOf(dimensions: number): readonly Float32Array[] {
    const known = this.#vectors.get(dimensions);
    if (known !== undefined) return known;
    const vectors = Array.from({ length: VECTORS }, () => {
      const values = Array.from({ length: dimensions }, () => Math.random() - 0.5);
      const length = Math.hypot(...values);
      return Float32Array.from(values, (value) => value / length);
    });
    this.#vectors.set(dimensions, vectors);
    return vectors;
  }
}
