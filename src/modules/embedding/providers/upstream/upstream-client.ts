import type { Clock } from '../../../../common/clock.js';
import type { QuotaStore } from './pacing/quota-store.js';
import type { EmbeddingConfig } from '../../embedding.config.js';
import { EmbeddingError } from '../../embedding.error.js';
import type { CallCost } from './pacing/call-cost.js';
import { CallLimiter } from './pacing/call-limiter.js';
import { SharedPaceWindow } from './pacing/shared-pace-window.js';
import { Pacer } from './pacing/pacer.js';
import { retry } from './retry/retry.js';
import { RetryableError } from './retry/retryable.error.js';

/** A larger answer is not read to its end. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;
/** Invalid answers per request. Each one has been paid for. */
const MAX_INVALID_ANSWERS = 3;

/** Address, credentials and limits of an upstream. */
export interface UpstreamOptions {
  readonly provider: string;
  /** Sent with every call; they contain the key, so they are sent to `baseUrl` only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly baseUrl: string;
  /** Timeouts, quotas and concurrency. */
  readonly config: Pick<
    EmbeddingConfig,
    | 'upstreamTimeoutMs'
    | 'upstreamBudgetMs'
    | 'upstreamConcurrency'
    | 'upstreamTextsPerMinute'
    | 'upstreamTokensPerMinute'
  >;
  /** `null` for a quota per instance. */
  readonly quotas: QuotaStore | null;
  readonly clock: Clock;
}

/** One call of an upstream. */
export interface UpstreamCall<T> {
  /** Path below the base URL, with its leading slash. */
  readonly path: string;
  readonly body: unknown;
  /** The model whose quota it uses: upstreams count per model. */
  readonly model: string;
  readonly cost: CallCost;
  /** Reads the result from the parsed JSON; `undefined` for an invalid answer, which is requested again and never cached. */
  readonly parse: (answer: unknown) => T | undefined;
  /** Classifies an error status. */
  readonly classifyError: (status: number, answer: unknown, headers: Headers) => EmbeddingError | RetryableError;
}

/** POSTs JSON to one upstream, within its quota, until it answers or the budget is spent. Redirects are not followed, because they would send the key to another server. */
export class UpstreamClient {
  /** By model: upstreams have a quota per model. */
  private readonly pacers = new Map<string, Pacer>();
  private readonly limiter: CallLimiter;

  constructor(private readonly options: UpstreamOptions) {
    this.limiter = new CallLimiter(options.config.upstreamConcurrency, options.clock);
  }

  /** @throws EmbeddingError */
  post<T>(call: UpstreamCall<T>, signal: AbortSignal): Promise<T> {
    const { clock, config } = this.options;
    const pacer = this.pacerOf(call.model);
    let invalidAnswers = 0;
    return retry(
      async (remainingMs) => {
        const untilMs = clock.nowMs() + remainingMs;
        await pacer.acquire(call.cost, remainingMs, signal);
        try {
          return await this.limiter.run(() => this.attempt(call, signal), untilMs - clock.nowMs(), signal);
        } catch (error) {
          if (error instanceof InvalidAnswerError && ++invalidAnswers === MAX_INVALID_ANSWERS) throw error.outcome;
          if (error instanceof RetryableError && error.outcome.kind === 'rate-limited')
            await pacer.pause(error.retryAfterMs ?? 0);
          throw error;
        }
      },
      { budgetMs: config.upstreamBudgetMs, clock },
      signal,
    );
  }

  private pacerOf(model: string): Pacer {
    let pacer = this.pacers.get(model);
    if (!pacer) {
      const { provider, baseUrl: origin, quotas, clock, config } = this.options;
      const limits: CallCost = { texts: config.upstreamTextsPerMinute, tokens: config.upstreamTokensPerMinute };
      pacer = new Pacer(
        limits,
        clock,
        quotas ? new SharedPaceWindow(quotas, { provider, origin, model }, limits) : undefined,
      );
      this.pacers.set(model, pacer);
    }
    return pacer;
  }

  private async attempt<T>(
    { path, body, parse, classifyError: explain }: UpstreamCall<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { baseUrl, headers, config } = this.options;
    const timeoutMs = config.upstreamTimeoutMs;
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
    if (result === undefined) throw new InvalidAnswerError();
    return result;
  }
}

/** An answer with a success status and invalid content. */
class InvalidAnswerError extends RetryableError {
  constructor() {
    super(new EmbeddingError('upstream-unavailable', 'The upstream sent an invalid answer.'));
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
