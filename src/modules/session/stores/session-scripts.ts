import type { Clock } from '../../../common/clock.js';
import {
  type CommandArgument,
  type CommandKind,
  loadScript,
  readScripts,
  type RedisPool,
  runScript,
} from '../../redis/index.js';
import { SessionUnavailableException } from '../session-unavailable.exception.js';

/** Every script, and whether it reads or writes. */
const KINDS = {
  create: 'write',
  find: 'read',
  list: 'read',
  restore: 'write',
  revoke: 'write',
  'revoke-all': 'write',
  'revoke-many': 'write',
  rotate: 'write',
  sweep: 'write',
  touch: 'write',
  update: 'write',
} as const satisfies Record<string, CommandKind>;

type ScriptName = keyof typeof KINDS;

/** For this time after the first use sessions wait for the first connection to Redis, so that a starting instance does not answer 503. */
const START_MS = 1_000;

const sources = readScripts(new URL('./scripts/', import.meta.url));
const scripts = new Map(
  (Object.keys(KINDS) as ScriptName[]).map((name) => [
    name,
    loadScript(`session-${name}`, sources['shared']! + sources[name]!),
  ]),
);

/** The Redis on which the scripts run, and the start of their keys. */
export interface SessionScriptsOptions {
  readonly pool: RedisPool;
  /** First part of every key. All keys are in one slot of a Cluster, because a session, the index of its user and the index of all sessions change in one step. */
  readonly namespace: string;
  readonly clock: Clock;
  /** Run also during the recovery of Redis, before it is used for anything else. Default false. */
  readonly isRecovering?: boolean;
}

/** Runs the session scripts and reports each outcome to the pool's monitor. */
export class SessionScripts {
  private readonly prefix: string;
  private firstUsedAtMs: number | undefined;
  private hasBeenAvailable = false;

  constructor(private readonly options: SessionScriptsOptions) {
    this.prefix = `{${options.namespace}}:`;
  }

  /** @throws SessionUnavailableException when Redis is down, refuses the command or doesn't answer in time. The script may still run then. */
  async run(name: ScriptName, args: readonly CommandArgument[]): Promise<unknown> {
    const { pool, clock, isRecovering = false } = this.options;
    const kind = KINDS[name];
    if (!isRecovering) await this.requireRedis(kind);
    const askedAtMs = clock.nowMs();
    try {
      const running = runScript(pool.client(), scripts.get(name)!, [this.prefix], args);
      const reply = await (isRecovering ? running : this.replyUnlessDown(kind, running));
      pool.monitor.recordSuccess(kind, clock.nowMs() - askedAtMs);
      return reply;
    } catch (error) {
      pool.monitor.recordFailure(kind, error);
      throw new SessionUnavailableException(error);
    }
  }

  private async requireRedis(kind: CommandKind): Promise<void> {
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
   * Waits for a reply, but no longer than Redis is considered up. A frozen Redis then costs the time the monitor needs to
   * notice it, not the whole timeout of a command. A slow read by itself is not given up, since only Redis knows which
   * sessions were revoked.
   */
  private replyUnlessDown(kind: CommandKind, reply: Promise<unknown>): Promise<unknown> {
    const {
      pool: { monitor },
      clock,
    } = this.options;
    return new Promise((resolve, reject) => {
      const isLate = () => new Error('Command timed out');
      const stopListening = monitor.onChange(({ to }) => {
        if (to === 'down') reject(isLate());
      });
      // The monitor then probes Redis.
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
