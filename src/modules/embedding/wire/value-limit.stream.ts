import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { EmbeddingError } from '../embedding.error.js';
import { MAX_INPUTS } from './text-input.js';

/** Well above the number of values in the largest valid request. */
const MAX_VALUES = 20_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Each of these bytes means one more value. */
const [COMMA, OPEN_LIST, OPEN_OBJECT] = [0x2c, 0x5b, 0x7b];

/** Limits the number of values of a body. The rest of a refused body is read and dropped, so that the answer reaches the client. */
export function limitValues(body: Readable): ValueLimitStream {
  const limited = new ValueLimitStream();
  limited.on('error', () => body.unpipe(limited).resume());
  return body.pipe(limited);
}

/**
 * Passes on a JSON body of at most 20,000 values and ends a larger one while it is still arriving. A few megabytes of
 * `[],[],…` are few bytes but take seconds to parse and to validate.
 */
export class ValueLimitStream extends Transform {
  /** Read by Fastify, which compares it with Content-Length. */
  receivedEncodedLength = 0;
  private values = 0;
  private isInString = false;
  private isEscaped = false;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.receivedEncodedLength += chunk.length;
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
