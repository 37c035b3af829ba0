import { isIP, isIPv4 } from 'node:net';
import { Refusal } from '../http/route.js';
import { PublicAddresses } from '../uploads/public-addresses.js';

/** Failures of one address, and of all together, that may come at once. */
const OF_ADDRESS = 10;
const OF_ALL = 200;
/** After so long, one more of an address is forgotten, or one more of all. */
const ADDRESS_SECONDS = 30;
const ALL_SECONDS = 1;
/** Addresses that are remembered. Of more, the one that failed longest ago is forgotten. */
const MOST_ADDRESSES = 10_000;

/** Failures that are not forgotten yet. */
interface Failures {
  count: number;
  /** when `count` was right, in milliseconds */
  at: number;
}

/**
 * Bounds failed sign-ins, by address and in all, in the memory of this process. A token has 256
 * random bits, so this is about those that somebody chose, and about load.
 *
 * A right token is refused only at an address that failed too often itself: failures from elsewhere
 * lock nobody out, however many they are. So those of many addresses are bounded in what they are
 * told, not in what they try. Addresses of IPv6 count by their /64, of which one customer has all.
 */
export class SignInLimit {
  readonly #now: () => number;
  readonly #byAddress = new Map<string, Failures>();
  readonly #all: Failures;

  /** @param now a clock in milliseconds that does not go back */
  constructor(now: () => number) {
    this.#now = now;
    this.#all = { count: 0, at: now() };
  }

  /**
   * Before a token is looked at.
   * @throws {Refusal} 429 if this address has failed too often
   */
  admit(address: string): void {
    const failures = this.#byAddress.get(networkOf(address));
    if (failures) this.#refuse(failures, OF_ADDRESS, ADDRESS_SECONDS);
  }

  /**
   * After a token that opens no session.
   * @throws {Refusal} 429 if all together have failed too often
   */
  failed(address: string): void {
    const network = networkOf(address);
    const failures = this.#byAddress.get(network) ?? { count: 0, at: this.#now() };
    // The last in the order of the map is the one that failed last.
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
    throw new Refusal('too-many', 'too many sign-ins failed; try again later', {
      'retry-after': String(wait),
    });
  }
}

/**
 * Who signs in: the address of the connection, or the one that a proxy tells. A proxy is believed
 * at addresses that are not of the internet, such as those of a private network, and only in the
 * last address that it tells: those before it are the client's word.
 */
export function addressOf({ headers }: Pick<Request, 'headers'>, connection: string): string {
  const told = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  publicAddresses ??= new PublicAddresses([]);
  const plain = unmapped(connection);
  return isIP(told) !== 0 && !publicAddresses.has(plain) ? told : plain;
}

let publicAddresses: PublicAddresses | undefined;

const unmapped = (address: string): string => /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;

/** What counts as one address: one of IPv4, or a /64 of IPv6. */
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
