import { createCache } from '../../../../src/modules/cache/create-cache.js';
import type { CacheOptions } from '../../../../src/modules/cache/create-cache.options.js';
import type { FromProcess, ToProcess } from './cache-process.js';

const cache = createCache(JSON.parse(process.argv[2]!) as CacheOptions);
const reply = (message: FromProcess): void => void process.send!(message);

process.on('message', async (message: ToProcess) => {
  if (message.type === 'delete') reply({ type: 'deleted', receipt: await cache.delete(message.keys) });
  else reply({ type: 'stats', stats: cache.stats() });
});
// It ends with the process that started it.
process.on('disconnect', () => process.exit());
