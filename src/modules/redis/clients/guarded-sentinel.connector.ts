import { type Redis, type RedisOptions, SentinelConnector } from 'ioredis';
import { SocketConnector } from './socket.connector.js';

/** What ioredis does not let others override. */
interface Internals {
  connectToSentinel(endpoint: unknown, options?: RedisOptions): Redis;
}

/** ioredis's way to a master by its Sentinels, on sockets whose errors are always heard; see {@link SocketConnector}. */
export class GuardedSentinelConnector extends SentinelConnector {
  constructor(options: RedisOptions) {
    super(options);
    const internals = this as unknown as Internals;
    const connectToSentinel = internals.connectToSentinel.bind(this);
    internals.connectToSentinel = (endpoint, overrides) => {
      const sentinel = connectToSentinel(endpoint, {
        ...overrides,
        Connector: SocketConnector as RedisOptions['Connector'],
      });
      // The failover detector's would have no listener, and ioredis would print every try of one that is away.
      return sentinel.on('error', () => {});
    };
  }

  override async connect(...args: Parameters<SentinelConnector['connect']>): ReturnType<SentinelConnector['connect']> {
    const socket = await super.connect(...args);
    socket.on('error', () => {});
    return socket;
  }
}
