import type { NodeAddress } from '../redis.types.js';
import type { ClusterSeeds } from './cluster-seeds.js';
import { SocketConnector } from './socket.connector.js';

/**
 * A connector to the next node of a Cluster, for a plain subscriber: every node carries every channel. ioredis's own Cluster
 * subscriber is not pinged, so it would listen to a dead connection for ever.
 */
export function seedConnector(seeds: ClusterSeeds): typeof SocketConnector {
  return class SeedConnector extends SocketConnector {
    protected override address(): NodeAddress {
      return seeds.next() ?? super.address();
    }
  };
}
