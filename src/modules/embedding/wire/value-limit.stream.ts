import { PayloadTooLargeException } from '@nestjs/common';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { EmbeddingError } from '../embedding.error.js';
import { MAX_INPUTS } from './text-input.js';

/** Well above the number of values in the largest valid request. */
const MAX_VALUES = 20_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Each of these bytes means one more value. */
const [COMMA, OPEN_LIST, OPEN_OBJECT] = [0x2c, 0x5b, 0x7b];

/**
 * Limits the values and the bytes of a body, after its content coding is undone. The rest of a refused body is read and dropped
 * as it was sent, so that the answer reaches the client, and no more of it is decoded.
 *
 * @param decoder undoes the content coding of the body; left out for a body without one.
 */
export function limitValues(body: Readable, maxBytes: number, decoder?: Transform): ValueLimitStream {
  const limited = new ValueLimitStream(maxBytes);
  body.on('data', (chunk: Buffer) => {
    limited.receivedEncodedLength += chunk.length;
  });
  limited.on('error', () => {
    body.unpipe();
    body.resume();
    decoder?.destroy();
  });
  if (!decoder) return body.pipe(limited);
  decoder.on('error', () =>
    limited.destroy(new EmbeddingError('invalid-input', 'The body is not in its content coding.')),
  );
  return body.pipe(decoder).pipe(limited);
}

/**
 * Passes on a JSON body of at most 20,000 values and ends a larger one while it is still arriving. A few megabytes of
 * `[],[],…` are few bytes but take seconds to parse and to validate; a few kilobytes of gzip may be gigabytes of text.
 */
export class ValueLimitStream extends Transform {
  /** Bytes as they were sent. Read by Fastify, which compares it with Content-Length. */
  receivedEncodedLength = 0;
  private bytes = 0;
  private values = 0;
  private isInString = false;
  private isEscaped = false;

  constructor(private readonly maxBytes: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes > this.maxBytes) return done(new PayloadTooLargeException('The request body is too large.'));
    this.count(chunk);
    if (this.values <= MAX_VALUES) return done(null, chunk);
    done(
      new EmbeddingError(
        'invalid-input',
        `The request has too many values; at most ${MAX_INPUTS} texts can be embedded in one request.`,
      ),
    );
  }

  private count(chunk: Buffer): void {
    let { isInString, isEscaped, values } = this;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (isEscaped) isEscaped = false;
      else if (byte === QUOTE) isInString = !isInString;
      else if (isInString) isEscaped = byte === BACKSLASH;
      else if (byte === COMMA || byte === OPEN_LIST || byte === OPEN_OBJECT) values += 1;
    }
    Object.assign(this, { isInString, isEscaped, values });
  }
}
