import { type Redis, type RedisOptions, SentinelConnector } from 'ioredis';
import { SocketConnector } from './socket.connector.js';

/** A private method of ioredis that has to be replaced. */
interface Internals {
  connectToSentinel(endpoint: unknown, options?: RedisOptions): Redis;
}

/** ioredis's connector to a master by its Sentinels, on sockets whose errors are always handled; see {@link SocketConnector}. */
export class GuardedSentinelConnector extends SentinelConnector {
  constructor(options: RedisOptions) {
    super(options);
    const internals = this as unknown as Internals;
    const connectToSentinel = internals.connectToSentinel.bind(this);
    internals.connectToSentinel = (endpoint, overrides) => {
      const sentinel = connectToSentinel(endpoint, {
        ...overrides,
        // ioredis leaves these connections its default: a timer of two seconds that delays the end of the process.
        disconnectTimeout: options.disconnectTimeout,
        Connector: SocketConnector as RedisOptions['Connector'],
      });
      // The clients of the failover detector have no listener, so ioredis would print every failed attempt.
      return sentinel.on('error', () => {});
    };
  }

  override async connect(...args: Parameters<SentinelConnector['connect']>): ReturnType<SentinelConnector['connect']> {
    const socket = await super.connect(...args);
    socket.on('error', () => {});
    return socket;
  }
}
