import type { RedisClient } from '../redis.types.js';
import { isCluster } from './redis-client.js';

const SLOTS = 16_384;
const POLYNOMIAL = 0x1021;

/** The hash slot of a key in a Cluster: CRC16 (XMODEM) of the key, or of its part in braces. */
export function hashSlotOf(key: string): number {
  const start = key.indexOf('{');
  const end = start === -1 ? -1 : key.indexOf('}', start + 1);
  const hashed = Buffer.from(end > start + 1 ? key.slice(start + 1, end) : key);
  let crc = 0;
  for (const byte of hashed) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL) & 0xffff;
  }
  return crc % SLOTS;
}

/** `host:port` of the master that serves a key, as the client knows it now; `''` without a Cluster, or if it is unknown. */
export function nodeOfKey(client: RedisClient, key: string): string {
  return isCluster(client) ? (client.slots[hashSlotOf(key)]?.[0] ?? '') : '';
}
