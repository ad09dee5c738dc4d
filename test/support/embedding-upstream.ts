import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What goes wrong with one request; requests without one are answered. */
export interface UpstreamFault {
  status?: 429 | 500 | 503;
  /** `RetryInfo` or `retry-after`, as `'0.1s'`. */
  retryDelay?: string;
  /** Whose quota a 429 is about. Default `'minute'`; `'none'` leaves the details out. */
  quota?: 'minute' | 'day' | 'none';
  delayMs?: number;
  /** Closes the connection without an answer. */
  reset?: boolean;
  /** Ends the answer halfway. */
  truncates?: boolean;
  /** Answers one vector too few. */
  dropsOne?: boolean;
  redirectTo?: string;
}

/** What the upstream has seen. */
export interface UpstreamStats {
  readonly calls: number;
  /** The most calls that were open at one moment. */
  readonly mostAtOnce: number;
  readonly refusals: number;
  /** Texts it computed vectors for: what would be billed. */
  readonly texts: number;
  /** How often each text was computed. */
  readonly textCounts: Readonly<Record<string, number>>;
  readonly batchSizes: readonly number[];
  readonly bodies: readonly unknown[];
}

/** How the upstream behaves. */
export interface UpstreamSettings {
  /** The only key it takes. Default `upstream-key`. */
  key?: string;
  /** Before every answer. Default 0. */
  delayMs?: number;
  /** Whether its OpenAI side knows base64. Default true. */
  isBase64Known?: boolean;
}

/**
 * A local upstream that speaks the protocols of the Gemini API and of OpenAI, with their limits and errors, in a process of
 * its own.
 */
export class EmbeddingUpstream {
  readonly key = 'upstream-key';
  private lastId = 0;

  private constructor(
    private readonly process: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(settings: UpstreamSettings = {}): Promise<EmbeddingUpstream> {
    const child = fork(new URL('./embedding-upstream.server.mjs', import.meta.url), { execArgv: [], env: {} });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const upstream = new EmbeddingUpstream(child, port);
    await upstream.configure(settings);
    return upstream;
  }

  /** For `GEMINI_BASE_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** An environment in which the service asks this upstream as the Gemini API. */
  get googleEnv(): NodeJS.ProcessEnv {
    return { GEMINI_API_KEY: this.key, GEMINI_BASE_URL: this.url };
  }

  /** An environment in which the service asks this upstream as OpenAI. */
  get openAiEnv(): NodeJS.ProcessEnv {
    return { OPENAI_API_KEY: this.key, OPENAI_BASE_URL: `${this.url}/v1` };
  }

  configure(settings: UpstreamSettings): Promise<void> {
    return this.send('configure', settings);
  }

  /** The next requests meet these, one each. */
  fail(...faults: UpstreamFault[]): Promise<void> {
    return this.send('fail', faults);
  }

  stats(): Promise<UpstreamStats> {
    return this.send('stats');
  }

  /** Forgets what was counted and what was to fail. */
  reset(): Promise<void> {
    return this.send('reset');
  }

  async stop(): Promise<void> {
    this.process.disconnect();
    await once(this.process, 'exit');
  }

  private send<T>(command: string, argument?: unknown): Promise<T> {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      const onMessage = (reply: { id: number; result: T }) => {
        if (reply.id !== id) return;
        this.process.off('message', onMessage);
        resolve(reply.result);
      };
      this.process.on('message', onMessage);
      this.process.send({ id, command, argument });
    });
  }
}
