import {
  createRedisPool,
  type RedisPool,
  type RedisSource,
  type ServerIdentity,
} from '../../../src/modules/redis/index.js';

/** A pool that was up, and the servers that its recoveries were told of, oldest first. */
export class WatchedPool {
  private constructor(
    readonly pool: RedisPool,
    readonly recoveries: readonly ServerIdentity[],
  ) {}

  /** @throws when it is not up in ten seconds. */
  static async open(source: RedisSource): Promise<WatchedPool> {
    const pool = createRedisPool(source);
    const recoveries: ServerIdentity[] = [];
    pool.monitor.addRecoveryStep(async (server) => void recoveries.push(server));
    const watched = new WatchedPool(pool, recoveries);
    await watched.up();
    return watched;
  }

  /** @throws when it is not up in ten seconds. */
  async up(): Promise<void> {
    expect(await this.pool.monitor.waitUntilUp(60_000)).toBe('up');
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
