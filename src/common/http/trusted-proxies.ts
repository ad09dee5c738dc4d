import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** Says of an address, `hop` steps before this server (0 is the peer of the connection), whether it is a proxy to believe. */
export type TrustedProxies = (address: string, hop: number) => boolean;

const NONE = new Set(['', '0', 'false', 'no', 'off']);
const MAX_HOPS = 20;
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * The number of proxies in front of the service, or a list of their addresses, networks and names of networks. `false` for none.
 * "All" is no choice: then the left-most address of X-Forwarded-For would count, which every client can write itself.
 */
export const trustedProxiesText = () =>
  z.string().transform((text, context): TrustedProxies | false => {
    const value = text.trim().toLowerCase();
    if (NONE.has(value)) return false;
    const hops = Number(value);
    if (/^\d+$/.test(value) && hops <= MAX_HOPS) return (_address, hop) => hop < hops;
    const proxies = new BlockList();
    for (const entry of value.split(',').map((part) => part.trim())) {
      for (const network of NAMED[entry] ?? [entry]) {
        if (addNetwork(proxies, network)) continue;
        context.addIssue(
          `give the number of proxies in front of the service (1), or their addresses; ${JSON.stringify(entry)} is neither`,
        );
        return z.NEVER;
      }
    }
    return (address) => {
      const family = isIP(address);
      return family !== 0 && proxies.check(address, family === 6 ? 'ipv6' : 'ipv4');
    };
  });

/** False for text that is no address and no network. A network of all addresses is none: it would trust every client. */
function addNetwork(proxies: BlockList, network: string): boolean {
  const [address = '', prefix, ...rest] = network.split('/');
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (family === 0 || rest.length > 0 || !/^\d*$/.test(prefix ?? '') || length < 1 || length > bits) return false;
  proxies.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  return true;
}
