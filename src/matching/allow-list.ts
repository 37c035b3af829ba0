import {
  callback,
  checkedOptions,
  checkObject,
  integer,
  iterable,
  type OptionCheck,
  type OptionTable,
  text,
} from '../door.js';
import {
  bitsOf,
  copyOfHash,
  differingBits,
  type Hash,
  type HashJSON,
  hashFromJSON,
  hashToJSON,
  isDigest,
  keyOfHash,
} from '../hash.js';
import type { Match } from './decision.js';
import type { RemoteMatch } from './remote-match.js';

/** An exception: a hash that matched wrongly, and why it is allowed. */
export interface ListException {
  /** of the variant that was near an entry: `match.variant.hash` */
  readonly hash: Hash;
  /** the exception applies only to entries with exactly this hash; absent: to any entry */
  readonly entry?: Hash;
  /** as stated by the person who allowed it */
  readonly reason: string;
}

/** An exception as an allow list writes it, or as `JSON.stringify` writes one alone. */
export type ListExceptionJSON = (HashJSON | { hash: HashJSON }) & {
  entry?: HashJSON;
  reason: string;
};

/** An allow list as a plain object for JSON. */
export interface AllowListJSON {
  radius: number;
  exceptions: ListExceptionJSON[];
}

/** Options of an allow list. */
export interface AllowListOptions {
  /** hashes of pictures within this many bits of an allowed one are allowed too, 0…31; default 0 */
  radius?: number;
  /** earlier exceptions, as `exceptions` returned them, or from JSON */
  exceptions?: Iterable<ListException | ListExceptionJSON>;
  /**
   * called for each allowed hit of the decision, with the tier that it would have had and the
   * reason, before the decision is returned; if it throws, so does the decision, so that no
   * decision with an allowed hit goes unlogged
   */
  onAllowed?: (match: Match | RemoteMatch) => void;
}

const hash: OptionCheck = (_, value) => bitsOf(value as Hash);
const ENTRY = { is: hash } as const;
export const ALLOW_OPTIONS = {
  reason: { is: text, required: true },
  entry: ENTRY,
} as const satisfies OptionTable<Omit<ListException, 'hash'>>;
export const DISALLOW_OPTIONS = { entry: ENTRY } as const;
export const ALLOW_LIST_OPTIONS = {
  radius: { is: integer, most: 31, default: 0 },
  exceptions: { is: iterable, default: [] },
  onAllowed: { is: callback },
} as const satisfies OptionTable<AllowListOptions>;

/**
 * Exceptions: hashes that matched wrongly. A hit by such a hash is no match, unless the entry is
 * confirmed in an own list.
 *
 * An exception covers the variant that was near, not the upload: other variants are still searched.
 * If an allowed main hash allowed the whole upload, an allowed picture could hide a listed one set
 * into it. But if the main hash itself is within the match distance of an entry, and is allowed
 * there, then parts and turns of the same picture may be near that entry, too. So a copy of that
 * entry's picture, set into exactly the allowed one, is not found by that entry. A part that alone
 * was near something else is allowed by its own hash, `match.variant.hash`.
 *
 * Making a picture with exactly an allowed hash gains little, because that hash is near only to its
 * surroundings. But an entry that another list adds there later is silenced as well, unless the
 * exception names its entry (`entry`).
 */
export class AllowList {
  /** in bits, inclusive */
  readonly radius: number;
  /** the option; `match` calls it */
  readonly onAllowed: AllowListOptions['onAllowed'];
  /** by the key of the hash, then of the entry's */
  readonly #exceptions = new Map<string, Map<string, ListException>>();
  #generation = 0;

  constructor(options: AllowListOptions = {}) {
    const { radius, exceptions, onAllowed } = checkedOptions(options, ALLOW_LIST_OPTIONS);
    this.radius = radius;
    this.onAllowed = onAllowed;
    for (const given of exceptions) {
      const { hash, ...how } = exceptionOf(given);
      this.allow(hash, how);
    }
  }

  /** Goes up with each change. */
  get generation(): number {
    return this.#generation;
  }

  /** Copies of all exceptions. */
  get exceptions(): ListException[] {
    return [...this.#exceptions.values()].flatMap((ofHash) => [...ofHash.values()].map(copyOf));
  }

  /**
   * Allows a hash, from the next decision on. Repeating the same hash and entry replaces the
   * reason.
   * @param options `reason`: why; `entry`: the hash of the only entry that it applies to
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  allow(hash: Hash, options: { reason: string; entry?: Hash }): void {
    const key = keyOfHash(hash);
    const { entry, reason } = checkedOptions(options, ALLOW_OPTIONS);
    const kept = copyOf({ hash, reason, ...(entry !== undefined && { entry }) });
    // An exception for an entry of another kind would never apply.
    if (entry !== undefined) differingBits(hash, entry);
    const ofHash = this.#exceptions.get(key) ?? new Map<string, ListException>();
    ofHash.set(entryKey(entry), kept);
    this.#exceptions.set(key, ofHash);
    this.#generation++;
  }

  /**
   * Removes an exception, identified by the same arguments.
   * @returns true if there was such an exception
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  disallow(hash: Hash, options: { entry?: Hash } = {}): boolean {
    const key = keyOfHash(hash);
    const { entry } = checkedOptions(options, DISALLOW_OPTIONS);
    const ofHash = this.#exceptions.get(key);
    const isGone = ofHash?.delete(entryKey(entry)) ?? false;
    if (ofHash?.size === 0) this.#exceptions.delete(key);
    if (isGone) this.#generation++;
    return isGone;
  }

  /** The radius and all exceptions, for `JSON.stringify`. It holds hashes. */
  toJSON(): AllowListJSON {
    return {
      radius: this.radius,
      exceptions: this.exceptions.map(({ hash, entry, reason }) => ({
        ...hashToJSON(hash),
        ...(entry && { entry: hashToJSON(entry) }),
        reason,
      })),
    };
  }

  /**
   * Copies of the exceptions that allow hits of `hash`. At a radius above 0 all are compared: 0.2
   * ms for 10,000, once for each variant with a near entry.
   * @throws {TypeError | RangeError} if `hash` is invalid
   */
  covering(hash: Hash): ListException[] {
    const own = this.#exceptions.get(keyOfHash(hash));
    const near =
      this.radius === 0
        ? [own ?? new Map<string, ListException>()]
        : [...this.#exceptions.values()].filter((ofHash) => {
            const [first] = ofHash.values();
            return isWithin(first!.hash, hash, this.radius);
          });
    return near.flatMap((ofHash) => [...ofHash.values()].map(copyOf));
  }
}

/** The exceptions of an allow list for the hits of one picture. */
export class PictureExceptions {
  readonly #list: AllowList;
  /** reasons for which the main hash may match entries, by the keys of their hashes */
  readonly #ofMain = new Map<string, string>();
  #main: Hash | undefined;
  #hash: Hash | undefined;
  /** of `#hash`; undefined until they are looked up */
  #covering: readonly ListException[] | undefined;

  constructor(list: AllowList) {
    this.#list = list;
  }

  /** Moves on to the hits of the next variant: digests of the file, and the main hash first. */
  turnTo(hash: Hash): void {
    if (this.#main === undefined || isDigest(this.#main.algorithm)) this.#main = hash;
    this.#hash = hash;
    this.#covering = undefined;
  }

  /**
   * The reason for which a hit is allowed; undefined if it is not.
   * @param entry the hash of the entry; undefined if unknown
   * @param isWithin whether the hash is within the match distance of the entry, or matches by parts
   */
  reasonFor(entry: Hash | undefined, isWithin: boolean): string | undefined {
    this.#covering ??= this.#list.covering(this.#hash!);
    if (this.#covering.length === 0 && this.#ofMain.size === 0) return undefined;
    const key = entry && keyOfHash(entry);
    const exception = this.#covering.find(
      ({ entry: meant }) => meant === undefined || keyOfHash(meant) === key,
    );
    if (exception && key !== undefined && isWithin) {
      // The main hash may come again as a copy, with the parts of the picture.
      const isMain = keyOfHash(this.#hash!) === keyOfHash(this.#main!);
      if (isMain) this.#ofMain.set(key, exception.reason);
    }
    return exception?.reason ?? (key === undefined ? undefined : this.#ofMain.get(key));
  }
}

/**
 * Creates an allow list, for `match`. The JSON of an allow list gives its options: `{
 * ...JSON.parse(text), onAllowed }`.
 * @throws {TypeError | RangeError} if an option is invalid
 * @example
 * const allowList = createAllowList({ onAllowed: (match) => log(match) });
 * const decision = match(await hash(path), blocklist, { allowList });
 * for (const { variant } of decision.matches) allowList.allow(variant.hash, { reason: 'a flag' });
 */
export function createAllowList(options?: AllowListOptions): AllowList {
  return new AllowList(options);
}

/** An exception that may come from JSON: of its list, where the hash is a sibling, or its own. */
function exceptionOf(given: ListException | ListExceptionJSON): ListException {
  checkObject(given, 'an exception: { hash, reason }');
  const { hash, entry, reason } = given;
  return {
    hash: hashOf(typeof hash === 'string' ? (given as HashJSON) : hash),
    ...(entry !== undefined && { entry: hashOf(entry) }),
    reason,
  };
}

const hashOf = (hash: Hash | HashJSON): Hash =>
  typeof (hash as HashJSON | undefined)?.hash === 'string'
    ? hashFromJSON(hash as HashJSON)
    : (hash as Hash);

const copyOf = ({ hash, entry, reason }: ListException): ListException => ({
  hash: copyOfHash(hash),
  ...(entry && { entry: copyOfHash(entry) }),
  reason,
});

const entryKey = (entry: Hash | undefined) => (entry === undefined ? '' : keyOfHash(entry));

const isWithin = (a: Hash, b: Hash, radius: number) =>
  a.algorithm === b.algorithm &&
  bitsOf(a) === bitsOf(b) &&
  differingBits(a, b) <= (isDigest(a.algorithm) ? 0 : radius);
