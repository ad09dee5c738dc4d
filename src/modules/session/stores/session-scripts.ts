import { readFileSync } from 'node:fs';
import type { Clock } from '../../../common/clock.js';
import { type CommandArgument, type CommandKind, loadScript, type RedisPool, runScript } from '../../redis/index.js';
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

/** So long after their first use sessions wait for a Redis that was never there: nobody should be told 503 because it was not connected to yet. */
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
  private firstUsedAtMs: number | undefined;
  private hasBeenAvailable = false;

  constructor(private readonly options: SessionScriptsOptions) {
    this.prefix = `{${options.namespace}}:`;
  }

  /** @throws SessionUnavailableException when Redis is not well, refuses, or doesn't answer in time; the script may run then. */
  async run(name: ScriptName, args: readonly CommandArgument[]): Promise<unknown> {
    const { pool, clock, isRecovering = false } = this.options;
    const kind = KINDS[name];
    if (!isRecovering) await this.demandRedis(kind);
    const askedAtMs = clock.nowMs();
    try {
      const running = runScript(pool.client(), scripts.get(name)!, [this.prefix], args);
      const reply = await (isRecovering ? running : this.answeredOrDown(kind, running));
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
    const nowMs = clock.nowMs();
    const startingMs = (this.firstUsedAtMs ??= nowMs) + START_MS - nowMs;
    if (!isAvailable() && !this.hasBeenAvailable && startingMs > 0) await monitor.waitUntilUp(startingMs);
    if (!isAvailable()) throw new SessionUnavailableException();
    this.hasBeenAvailable = true;
  }

  /**
   * Waits for a reply no longer than Redis is thought to be there: one that froze costs what finding that out takes, not
   * the whole time a command has. A slow read alone is not given up, since only Redis knows what was revoked.
   */
  private answeredOrDown(kind: CommandKind, reply: Promise<unknown>): Promise<unknown> {
    const {
      pool: { monitor },
      clock,
    } = this.options;
    return new Promise((resolve, reject) => {
      const isLate = () => new Error('Command timed out');
      const stopListening = monitor.onChange(({ to }) => {
        if (to === 'down') reject(isLate());
      });
      // Tells the monitor, which then looks for itself.
      const onLate = () => monitor.recordFailure(kind, isLate());
      const timer = kind === 'read' ? clock.setTimer(onLate, 2 * monitor.readBudgetMs()) : undefined;
      const end = () => {
        stopListening();
        timer?.cancel();
      };
      reply.finally(end).then(resolve, reject);
    });
  }
}
