import { type BlockList, isIP } from 'node:net';
import { networkOf } from '../http/access.js';

/* Addresses of the public internet, by IANA's special-purpose address registries (RFC 6890). */

const NOT_PUBLIC_4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by a provider's customers
  '127.0.0.0/8', // this machine
  '169.254.0.0/16', // link-local: clouds serve credentials there
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
];

/** The whole global unicast space: not `::1`, mapped or translated IPv4, or local addresses. */
const PUBLIC_6 = '2000::/3';

const NOT_PUBLIC_6 = [
  '2001::/23', // protocols: Teredo embeds an IPv4 address of anyone's choice
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: embeds an IPv4 address
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
];

/** Distinguishes public internet addresses from all others. */
export class PublicAddresses {
  readonly #exempt: readonly BlockList[];
  readonly #public = networkOf(PUBLIC_6);
  readonly #others = [...NOT_PUBLIC_4, ...NOT_PUBLIC_6].map(networkOf);

  /**
   * @param exempt networks that also count as public
   * @throws {RangeError} if one is invalid
   */
  constructor(exempt: readonly string[]) {
    this.#exempt = exempt.map(networkOf);
  }

  /** True if an address is public or exempt; false for text that is no address. */
  has(address: string): boolean {
    const family = isIP(address);
    if (family === 0) return false;
    const type = family === 4 ? 'ipv4' : 'ipv6';
    const isIn = (list: BlockList) => list.check(address, type);
    if (this.#exempt.some(isIn)) return true;
    if (family === 6 && !isIn(this.#public)) return false;
    return !this.#others.some(isIn);
  }
}
