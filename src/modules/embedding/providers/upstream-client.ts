import type { Clock } from '../../../common/clock.js';
import { EmbeddingError } from '../embedding.error.js';
import { type CallCost, Pacer } from '../pacing/pacer.js';
import { retry } from '../retry/retry.js';
import { RetryableError } from '../retry/retryable.error.js';

/** An answer larger than this is not read to its end. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

/** How an upstream is called. */
export interface UpstreamOptions {
  /** Sent with every call, the key among them; never sent anywhere but to `baseUrl`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly budgetMs: number;
  /** Texts and tokens a minute, of each model. */
  readonly limits: CallCost;
  readonly clock: Clock;
}

/** One call. */
export interface UpstreamCall<T> {
  /** Below the base URL, with its leading slash. */
  readonly path: string;
  readonly body: unknown;
  /** Whose quota it uses up: upstreams count by model. */
  readonly model: string;
  readonly cost: CallCost;
  /** The result from the parsed answer; `undefined` when the answer isn't one, which is tried again and never cached. */
  readonly parse: (answer: unknown) => T | undefined;
  /** What an error status means. */
  readonly explain: (status: number, answer: unknown, headers: Headers) => EmbeddingError | RetryableError;
}

/** POSTs JSON to one upstream, within its quota, until it answers or the budget is spent. Redirects are not followed: they would carry the key elsewhere. */
export class UpstreamClient {
  private readonly pacers = new Map<string, Pacer>();

  constructor(private readonly options: UpstreamOptions) {}

  /** @throws EmbeddingError */
  post<T>(call: UpstreamCall<T>, signal: AbortSignal): Promise<T> {
    const pacer = this.pacerOf(call.model);
    return retry(
      async (remainingMs) => {
        await pacer.acquire(call.cost, remainingMs, signal);
        try {
          return await this.attempt(call, signal);
        } catch (error) {
          if (error instanceof RetryableError && error.outcome.kind === 'rate-limited')
            pacer.pause(error.retryAfterMs ?? 0);
          throw error;
        }
      },
      this.options,
      signal,
    );
  }

  private pacerOf(model: string): Pacer {
    let pacer = this.pacers.get(model);
    if (!pacer) {
      pacer = new Pacer(this.options.limits, this.options.clock);
      this.pacers.set(model, pacer);
    }
    return pacer;
  }

  private async attempt<T>({ path, body, parse, explain }: UpstreamCall<T>, signal: AbortSignal): Promise<T> {
    const { baseUrl, headers, timeoutMs } = this.options;
    const timeout = AbortSignal.timeout(timeoutMs);
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(`${baseUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.any([signal, timeout]),
      });
      answer = parseJson(await readText(response));
    } catch (error) {
      signal.throwIfAborted();
      throw timeout.aborted
        ? new RetryableError(
            new EmbeddingError('upstream-timeout', `The upstream did not answer within ${timeoutMs} ms.`),
          )
        : new RetryableError(
            new EmbeddingError('upstream-unavailable', 'The upstream could not be reached.', { cause: error }),
          );
    }
    if (response.status >= 300 && response.status < 400) {
      throw new EmbeddingError('upstream-refused-us', 'The upstream answered with a redirect, which is not followed.');
    }
    if (!response.ok) throw explain(response.status, answer, response.headers);
    const result = parse(answer);
    if (result === undefined) {
      throw new RetryableError(
        new EmbeddingError('upstream-unavailable', 'The upstream answered something that is not what was asked for.'),
      );
    }
    return result;
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new RangeError(`answer above ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
