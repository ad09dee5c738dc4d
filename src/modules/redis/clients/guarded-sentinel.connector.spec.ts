import type { Redis, RedisOptions } from 'ioredis';
import { connectionOptions } from './connection-options.js';
import { DEFAULT_CONNECTION_SETTINGS } from './connection-settings.js';
import { GuardedSentinelConnector } from './guarded-sentinel.connector.js';

describe('a connection to a Sentinel', () => {
  it('is closed as soon as a data connection: its timer does not delay the end of the process', () => {
    const sentinels = [{ host: '127.0.0.1', port: 1 }];
    const options = connectionOptions({ sentinels, name: 'm' }, 'fast', DEFAULT_CONNECTION_SETTINGS);
    const connector = new GuardedSentinelConnector(options) as unknown as {
      connectToSentinel(endpoint: unknown, options?: RedisOptions): Redis;
    };
    const sentinel = connector.connectToSentinel(sentinels[0], { lazyConnect: true });
    expect(sentinel.options.disconnectTimeout).toBe(options.disconnectTimeout);
    expect(options.disconnectTimeout).toBeLessThan(1_000);
    sentinel.disconnect();
  });
});
