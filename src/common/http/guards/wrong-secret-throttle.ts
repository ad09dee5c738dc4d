import { BoundedMap } from '../../bounded-map.js';
import type { Clock } from '../../clock.js';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 10;
/** Networks remembered. More networks replace the oldest ones, so an attacker would need this many. */
const MAX_NETWORKS = 10_000;

/**
 * Counts wrong secrets at one door by the network of their sender: an IPv4 address, or the first 64 bits of an IPv6 address, of
 * which one customer usually has all. After ten in a minute, further ones are answered with 429. A right secret is never asked
 * for here: it always opens, so no stranger can shut a door for others.
 */
export class WrongSecretThrottle {
  private readonly failures = new BoundedMap<string, { count: number; untilMs: number }>(MAX_NETWORKS);

  constructor(private readonly clock: Clock) {}

  /** Counts a wrong secret. Returns the seconds until the next attempt counts as the first again; 0 for the first ten. */
  countFailure(address: string): number {
    const nowMs = this.clock.nowMs();
    const network = networkOf(address);
    const known = this.failures.get(network);
    const window = known !== undefined && known.untilMs > nowMs ? known : { count: 0, untilMs: nowMs + WINDOW_MS };
    this.failures.set(network, { ...window, count: window.count + 1 });
    return window.count < MAX_FAILURES ? 0 : Math.ceil((window.untilMs - nowMs) / 1_000);
  }
}

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** `2001:db8::1` and `2001:db8:0:0:ffff::1` are in `2001:db8:0:0`; an IPv4 address stands for itself. */
export function networkOf(address: string): string {
  const ipv4 = MAPPED_IPV4.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('%', 1)[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
