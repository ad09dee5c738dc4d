import type { AvailabilityChange } from './redis.types.js';

/** What an operator can do about the reasons that don't go away by themselves. */
const REMEDIES: Partial<Record<AvailabilityChange['reason'], string>> = {
  OOM: 'Redis is full: raise maxmemory, or choose an eviction policy such as volatile-lfu.',
  MISCONF: 'Redis cannot save its snapshot: look at its disk and log.',
  NOREPLICAS: 'too few replicas are connected for min-replicas-to-write.',
  READONLY: 'this is a replica: check REDIS_URL, or wait for the failover to end.',
  WRONGPASS: 'the user or password in REDIS_URL is not accepted.',
  NOAUTH: 'Redis wants a password: put it in REDIS_URL.',
  NOPERM: 'the ACL of the user lacks a permission: see docs/guides/redis.md.',
  QUOTA: "the provider's quota is used up.",
  tls: 'the TLS handshake failed: check rediss://, REDIS_TLS_CA_FILE and REDIS_TLS_SERVERNAME.',
};

/** A change of availability, for the log. */
export function availabilityMessage({ from, to, reason }: AvailabilityChange): string {
  const what = { up: 'reads and writes work', degraded: 'reads work, writes do not', down: 'going on without it' }[to];
  const remedy = REMEDIES[reason];
  return `Redis ${from === to ? to : `${from} -> ${to}`} (${reason}): ${what}${remedy ? `; ${remedy}` : ''}`;
}
