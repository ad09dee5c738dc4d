import { CommandMeter } from './command-meter.js';
import { PooledCluster } from './pooled-cluster.js';

describe('PooledCluster', () => {
  const open = () =>
    new PooledCluster(
      [{ host: '127.0.0.1', port: 1 }],
      { redisOptions: { replyMapping: 'legacy' } },
      new CommandMeter(),
      10,
    );

  it('tells of a refresh of its slots that ended', () => {
    const cluster = open();
    const results: unknown[] = [];
    cluster.refreshSlotsCache((error) => results.push(error));
    expect(results).toEqual([expect.objectContaining({ name: 'ClusterAllFailedError' })]);
    cluster.disconnect();
  });

  it('does not go on with its refreshes once it was closed', () => {
    const cluster = open();
    cluster.disconnect();
    const results: unknown[] = [];
    cluster.refreshSlotsCache((error) => results.push(error));
    expect(results).toEqual([]);
  });
});
