import { readFileSync } from 'node:fs';
import type { Clock } from '../../../common/clock.js';
import { type CommandKind, loadScript, type RedisPool, runScript, type ScriptArgument } from '../../redis/index.js';
import { SessionUnavailableException } from '../session-unavailable.exception.js';

/** Every script, and whether it reads or writes. */
const KINDS = {
  create: 'write',
  find: 'read',
  list: 'read',
  restore: 'write',
  revoke: 'write',
  'revoke-all': 'write',
  rotate: 'write',
  touch: 'write',
  update: 'write',
} as const satisfies Record<string, CommandKind>;

type ScriptName = keyof typeof KINDS;

/** A script that was not answered by then is given up; it may still run there. */
const TIMEOUT_MS = 500;
/** So long after the start Redis is waited for: nobody should be told 503 because it was not connected to yet. */
const START_MS = 1_000;

const read = (name: string) => readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
const shared = read('shared');
const scripts = new Map(
  (Object.keys(KINDS) as ScriptName[]).map((name) => [name, loadScript(`session-${name}`, shared + read(name))]),
);

/** Which Redis the scripts run on, and under which keys. */
export interface SessionScriptsOptions {
  readonly pool: RedisPool;
  /** Begins every key. All are in one slot of a Cluster: a session, its user's index and everyone's change in one step. */
  readonly namespace: string;
  readonly clock: Clock;
  /** Also while Redis is not trusted yet, as a step of its recovery. Default false. */
  readonly isRecovering?: boolean;
}

/** Runs the session scripts, and tells the pool's monitor how that went. */
export class SessionScripts {
  private readonly prefix: string;
  private readonly startedAtMs: number;

  constructor(private readonly options: SessionScriptsOptions) {
    this.prefix = `{${options.namespace}}:`;
    this.startedAtMs = options.clock.nowMs();
  }

  /** @throws SessionUnavailableException when Redis is not well, doesn't answer in time, or refuses. */
  async run(name: ScriptName, args: readonly ScriptArgument[]): Promise<unknown> {
    const { pool, clock, isRecovering = false } = this.options;
    const kind = KINDS[name];
    if (!isRecovering) await this.demandRedis(kind);
    const askedAtMs = clock.nowMs();
    try {
      const reply = await this.inTime(runScript(pool.client(), scripts.get(name)!, [this.prefix], args));
      pool.monitor.recordSuccess(kind, clock.nowMs() - askedAtMs);
      return reply;
    } catch (error) {
      pool.monitor.recordFailure(kind, error);
      throw new SessionUnavailableException(error);
    }
  }

  private async demandRedis(kind: CommandKind): Promise<void> {
    const {
      pool: { monitor },
      clock,
    } = this.options;
    const isAvailable = () => (kind === 'read' ? monitor.canRead() : monitor.canWrite());
    const startingMs = this.startedAtMs + START_MS - clock.nowMs();
    if (!isAvailable() && startingMs > 0) await monitor.waitUntilUp(startingMs);
    if (!isAvailable()) throw new SessionUnavailableException();
  }

  private inTime<T>(reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // After a stall of the event loop the timer fires before an answer that is already here is read: look once more.
      const giveUp = () => setImmediate(reject, new Error('Command timed out'));
      const timer = this.options.clock.setTimer(giveUp, TIMEOUT_MS);
      reply.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
