import { createHmac, randomBytes } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { PublicAddresses } from '../uploads/public-addresses.js';
import { Refusal } from './route.js';

/** Addresses remembered. Beyond that, the one that was counted longest ago is forgotten. */
const MOST_ADDRESSES = 10_000;
/** Digests of addresses have another salt after this time, and all counts begin at zero. */
const SALT_MILLISECONDS = 3_600_000;

/** Events not yet forgotten. */
interface Counted {
  count: number;
  /** time at which `count` was correct, in milliseconds */
  at: number;
}

/** How many events there may be at once, and the time after which one is forgotten. */
export interface Pace {
  readonly most: number;
  readonly seconds: number;
}

/** Bounds of an `AddressLimit`. */
export interface AddressLimitOptions {
  /** of one address */
  readonly each: Pace;
  /** of all addresses together; absent: no bound */
  readonly all?: Pace;
  /** the message of a refusal */
  readonly message: string;
  /** a monotonic clock, in milliseconds */
  readonly now: () => number;
}

/**
 * Limits events such as failed sign-ins by address and in total, in the memory of this process. It
 * keeps no address, only digests with a salt that changes every hour. IPv6 addresses count by their
 * /64: it is one customer's.
 *
 * What an address did is held against that address alone: no number of events elsewhere shuts
 * anyone out.
 */
export class AddressLimit {
  readonly #options: AddressLimitOptions;
  readonly #byAddress = new Map<string, Counted>();
  readonly #all: Counted;
  #salt = randomBytes(32);
  #saltUntil: number;

  constructor(options: AddressLimitOptions) {
    this.#options = options;
    const now = options.now();
    this.#all = { count: 0, at: now };
    this.#saltUntil = now + SALT_MILLISECONDS;
  }

  /**
   * Call before an event.
   * @throws {Refusal} 429 if this address had too many
   */
  admit(address: string): void {
    const counted = this.#byAddress.get(this.#keyOf(address));
    if (counted) this.#refuse(counted, this.#options.each);
  }

  /**
   * Call after an event.
   * @throws {Refusal} 429 if all addresses together had too many
   */
  count(address: string): void {
    const { each, all, now } = this.#options;
    const key = this.#keyOf(address);
    const counted = this.#byAddress.get(key) ?? { count: 0, at: now() };
    // Keeps the map in order of the last event.
    this.#byAddress.delete(key);
    this.#byAddress.set(key, counted);
    if (this.#byAddress.size > MOST_ADDRESSES) {
      const [oldest] = this.#byAddress.keys();
      this.#byAddress.delete(oldest!);
    }
    this.#forget(counted, each);
    counted.count++;
    if (!all) return;
    this.#refuse(this.#all, all);
    this.#all.count++;
  }

  #keyOf(address: string): string {
    const now = this.#options.now();
    if (now >= this.#saltUntil) {
      this.#salt = randomBytes(32);
      this.#saltUntil = now + SALT_MILLISECONDS;
      this.#byAddress.clear();
    }
    return createHmac('sha256', this.#salt).update(networkOf(address)).digest('base64');
  }

  #forget(counted: Counted, { seconds }: Pace): void {
    const now = this.#options.now();
    counted.count = Math.max(0, counted.count - (now - counted.at) / (1000 * seconds));
    counted.at = now;
  }

  /** @throws {Refusal} 429 if there is no room for one more */
  #refuse(counted: Counted, pace: Pace): void {
    this.#forget(counted, pace);
    if (counted.count + 1 <= pace.most) return;
    const wait = Math.ceil((counted.count + 1 - pace.most) * pace.seconds);
    throw new Refusal('too-many', this.#options.message, { 'retry-after': String(wait) });
  }
}

/**
 * Address of the person signing in: that of the connection, or the one that a proxy reports. A
 * proxy is trusted only at a non-public address, such as one of a private network, and only for the
 * last address in its header: the client may have sent the ones before it.
 */
export function addressOf({ headers }: Pick<Request, 'headers'>, connection: string): string {
  const forwarded = lastAddressIn(headers.get('x-forwarded-for'));
  publicAddresses ??= new PublicAddresses([]);
  const plain = unmapped(connection);
  return forwarded !== undefined && !publicAddresses.has(plain) ? forwarded : plain;
}

/**
 * The last address in a proxy's header, which the proxy itself has added. Some add the port of the
 * connection, another one each time; it is left out. Undefined if the header ends in anything else.
 */
export function lastAddressIn(header: string | null): string | undefined {
  const last = header?.split(',').at(-1)?.trim() ?? '';
  const plain = /^([\d.]+):\d+$/.exec(last)?.[1] ?? /^\[(.+)\](:\d+)?$/.exec(last)?.[1] ?? last;
  return isIP(plain) === 0 ? undefined : plain;
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
