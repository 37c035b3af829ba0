import { isIP, isIPv4 } from 'node:net';
import { Refusal } from '../http/route.js';
import { PublicAddresses } from '../uploads/public-addresses.js';

/** Burst of failures: of one address, and of all together. */
const OF_ADDRESS = 10;
const OF_ALL = 200;
/** Time after which one failure is forgotten: of an address, and of all together. */
const ADDRESS_SECONDS = 30;
const ALL_SECONDS = 1;
/** Addresses remembered. Beyond that, the one that failed longest ago is forgotten. */
const MOST_ADDRESSES = 10_000;

/** Failures not yet forgotten. */
interface Failures {
  count: number;
  /** time at which `count` was correct, in milliseconds */
  at: number;
}

/**
 * Limits failed sign-ins, by address and in total, in the memory of this process. A generated token
 * has 256 random bits, so the limits protect tokens that people chose, and bound the load.
 *
 * A valid token is refused only at an address that has itself failed too often: no number of
 * failures from elsewhere locks a moderator out. So attackers with many addresses are limited in
 * the answers they get, not in their attempts. IPv6 addresses count by their /64: it is one
 * customer's.
 */
export class SignInLimit {
  readonly #now: () => number;
  readonly #byAddress = new Map<string, Failures>();
  readonly #all: Failures;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#all = { count: 0, at: now() };
  }

  /**
   * Call before checking a token.
   * @throws {Refusal} 429 if this address has failed too often
   */
  admit(address: string): void {
    const failures = this.#byAddress.get(networkOf(address));
    if (failures) this.#refuse(failures, OF_ADDRESS, ADDRESS_SECONDS);
  }

  /**
   * Call after a token that opens no session.
   * @throws {Refusal} 429 if all addresses together have failed too often
   */
  failed(address: string): void {
    const network = networkOf(address);
    const failures = this.#byAddress.get(network) ?? { count: 0, at: this.#now() };
    // Keeps the map in order of the last failure.
    this.#byAddress.delete(network);
    this.#byAddress.set(network, failures);
    if (this.#byAddress.size > MOST_ADDRESSES) {
      const [oldest] = this.#byAddress.keys();
      this.#byAddress.delete(oldest!);
    }
    this.#forget(failures, ADDRESS_SECONDS);
    failures.count++;
    this.#refuse(this.#all, OF_ALL, ALL_SECONDS);
    this.#all.count++;
  }

  #forget(failures: Failures, seconds: number): void {
    const now = this.#now();
    failures.count = Math.max(0, failures.count - (now - failures.at) / (1000 * seconds));
    failures.at = now;
  }

  /** @throws {Refusal} 429 if there is no room for one more */
  #refuse(failures: Failures, most: number, seconds: number): void {
    this.#forget(failures, seconds);
    if (failures.count + 1 <= most) return;
    const wait = Math.ceil((failures.count + 1 - most) * seconds);
    throw new Refusal('too-many', 'too many failed sign-ins; try again later', {
      'retry-after': String(wait),
    });
  }
}

/**
 * Address of the person signing in: that of the connection, or the one that a proxy reports. A
 * proxy is trusted only at a non-public address, such as one of a private network, and only for the
 * last address in its header: the client may have sent the ones before it.
 */
export function addressOf({ headers }: Pick<Request, 'headers'>, connection: string): string {
  const forwarded = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  publicAddresses ??= new PublicAddresses([]);
  const plain = unmapped(connection);
  return isIP(forwarded) !== 0 && !publicAddresses.has(plain) ? forwarded : plain;
}

let publicAddresses: PublicAddresses | undefined;

const unmapped = (address: string): string => /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;

/** Unit of counting: one IPv4 address, or a /64 of IPv6. */
function networkOf(address: string): string {
  const plain = unmapped(address);
  if (isIPv4(plain) || isIP(plain) === 0) return plain;
  const [head = '', tail] = plain.split('%')[0]!.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':').length : 0;
  const zeros = tail === undefined ? 0 : 8 - first.length - last;
  const groups = [...first, ...Array<string>(zeros).fill('0'), ...(tail ? tail.split(':') : [])];
  return groups.slice(0, 4).join(':').toLowerCase();
}
