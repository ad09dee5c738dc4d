import type { AvailabilityChange } from './redis.types.js';

/** Remedies for reasons that don't end by themselves. */
const REMEDIES: Partial<Record<AvailabilityChange['reason'], string>> = {
  OOM: 'Redis is full and its policy may evict nothing more: raise maxmemory, or set maxmemory-policy allkeys-lru.',
  MISCONF: 'Redis cannot save its snapshot: check its disk and log.',
  NOREPLICAS: 'too few replicas are connected for min-replicas-to-write.',
  READONLY: 'this is a replica: check REDIS_URL, or wait for the failover to end.',
  WRONGPASS: 'the user or password in REDIS_URL is not accepted.',
  NOAUTH: 'Redis requires a password: set it in REDIS_URL.',
  NOPERM: 'the ACL of the user lacks a permission: see docs/guides/redis.md.',
  database: 'the server refuses the database number in REDIS_URL.',
  QUOTA: "the provider's quota is used up.",
  tls: 'the TLS handshake failed: check rediss://, REDIS_TLS_CA_FILE and REDIS_TLS_SERVERNAME.',
};

/** The log line for a change of availability. */
export function availabilityMessage({ from, to, reason }: AvailabilityChange): string {
  const effect = { up: 'reads and writes work', degraded: 'reads work, writes do not', down: 'working without Redis' }[
    to
  ];
  const remedy = REMEDIES[reason];
  return `Redis ${from === to ? to : `${from} -> ${to}`} (${reason}): ${effect}${remedy ? `; ${remedy}` : ''}`;
}

/** The log line for something that the ACL of Redis denies. */
export function denialMessage(denial: string): string {
  return `The ACL of Redis denies something that this instance needs: ${denial} See "Permissions" in docs/guides/redis.md, and ops/redis/larder.acl.`;
}
