import {
  checkInteger,
  checkKnown,
  checkNumber,
  checkObject,
  checkOptions,
  checkTypeOf,
} from '../door.js';
import {
  bitsOf,
  distance,
  type Hash,
  type HashJSON,
  hashFromJSON,
  hashToHex,
  hashToJSON,
} from '../hash.js';
import { copyOfHash, keyOfHash } from './hash-key.js';
import { policyUnder } from './policy.js';

/** An entry that fell from match to review. */
export interface FloodAlarm {
  /** the hash of the entry */
  readonly entry: Hash;
  /** how many distinct uploads it matched within `windowSeconds` */
  readonly uploads: number;
  readonly windowSeconds: number;
}

/** The state of a flood guard as a plain object for JSON. */
export interface FloodGuardJSON {
  /** the entries that only a reviewer lifts */
  flooded: (HashJSON & { sinceSeconds: number })[];
  /** the entries that matched lately, the one of the last match last */
  watched: (HashJSON & { uploads: { hash: string; seenSeconds: number }[] })[];
}

/** What counts as a flood, and who is told. */
export interface FloodGuardOptions {
  /** an entry that matches more distinct uploads in the window is flooded, 1…1000; default 20 */
  mostUploads?: number;
  /** how long an upload counts after its last copy; default 3,600 */
  windowSeconds?: number;
  /**
   * uploads within so many bits of each other are copies of one; by default the match distance of
   * the algorithm (PDQ: 31)
   */
  clusterDistance?: number;
  /** how many entries are watched at once; default 1,000 */
  mostEntries?: number;
  /** the time in seconds since 1970; default the system's clock */
  clock?: () => number;
  /**
   * called when an entry is flooded. If it throws, the entry is flooded all the same, the decision
   * stands, and the next upload that matches the entry raises the alarm again
   */
  onAlarm?: (alarm: FloodAlarm) => void;
  /** an earlier state, as `toJSON` gave it */
  state?: FloodGuardJSON;
}

/** Near-equal uploads: `hash` is the first one's, so that a cluster does not drift. */
interface Cluster {
  readonly hash: Hash;
  seenSeconds: number;
}

interface Flooded {
  readonly entry: Hash;
  readonly sinceSeconds: number;
  /** whether the alarm was raised */
  isTold: boolean;
}

interface Watched {
  readonly entry: Hash;
  readonly clusters: readonly Cluster[];
  /** of the last match */
  readonly seenSeconds: number;
}

const OPTIONS: readonly (keyof FloodGuardOptions)[] = [
  'mostUploads',
  'windowSeconds',
  'clusterDistance',
  'mostEntries',
  'clock',
  'onAlarm',
  'state',
];

/**
 * Watches for entries that suddenly match many distinct uploads. Such an entry is flooded: it falls
 * from match to review, never to none, until a reviewer lifts it. Entries that are confirmed in an
 * own list are exempt.
 *
 * It answers one attack and must not serve another:
 *
 * - Somebody gets a hash listed that matches what many people upload, to have it all blocked. After
 *   `mostUploads` distinct uploads a person looks.
 * - Somebody floods copies of a listed picture to switch off its entry. Copies of one picture count
 *   once, however many there are, because uploads within `clusterDistance` of each other are one.
 *   At the match distance, all copies within half of it from the entry are within it of each other.
 *   What counts is the hash that came near the entry, not the main one: a copy that is set into
 *   many pictures counts once, too.
 *
 * It cannot tell everything by hashes. Who makes many edits of a listed picture, each far from the
 * others and still near the entry, floods it. That costs the platform reviews, but lets nothing
 * through unseen; confirm such an entry in an own list. And a logo that is listed and seen in many
 * pictures looks like one picture that is copied, and is not caught.
 *
 * An entry is known by its hash, so one that is withdrawn and listed again, or listed twice, stays
 * flooded. Memory is bounded: `mostEntries` entries with `mostUploads` hashes of uploads each. If
 * another entry matches, the one with the fewest is forgotten. Flooded entries are never forgotten.
 * Their number is at most that of the entries, and each takes a hash.
 */
export class FloodGuard {
  readonly #mostUploads: number;
  readonly #windowSeconds: number;
  readonly #clusterDistance: number | undefined;
  readonly #mostEntries: number;
  readonly #clock: () => number;
  readonly #onAlarm: ((alarm: FloodAlarm) => void) | undefined;
  /** by the key of the entry's hash */
  readonly #flooded = new Map<string, Flooded>();
  /** by the key of the entry's hash, the one that matched last at the end */
  readonly #watched = new Map<string, Watched>();
  #generation = 0;

  constructor(options: FloodGuardOptions = {}) {
    checkOptions(options);
    checkKnown(options, OPTIONS);
    const { mostUploads = 20, windowSeconds = 3600, clusterDistance, mostEntries = 1000 } = options;
    const { clock = () => Date.now() / 1000, onAlarm, state } = options;
    checkInteger('mostUploads', mostUploads, 1, 1000);
    checkNumber('windowSeconds', windowSeconds, 1);
    if (clusterDistance !== undefined) checkInteger('clusterDistance', clusterDistance, 0, 256);
    checkInteger('mostEntries', mostEntries, 1, 1_000_000);
    checkTypeOf('clock', clock, 'function');
    checkTypeOf('onAlarm', onAlarm, 'function');
    this.#mostUploads = mostUploads;
    this.#windowSeconds = windowSeconds;
    this.#clusterDistance = clusterDistance;
    this.#mostEntries = mostEntries;
    this.#clock = clock;
    this.#onAlarm = onAlarm;
    if (state !== undefined) this.#restore(state);
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
   * Whether entries with this hash are flooded.
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  isFlooded(entry: Hash): boolean {
    return this.#flooded.has(keyOfHash(entry));
  }

  /**
   * Counts an upload that matched an entry.
   * @param entry the hash of the entry
   * @param upload the hash that came near it
   * @returns whether the entry is flooded, perhaps by this upload
   * @throws {TypeError | RangeError} if an argument is invalid, or the clock's answer is
   */
  count(entry: Hash, upload: Hash): boolean {
    const key = keyOfHash(entry);
    distance(entry, upload);
    const flooded = this.#flooded.get(key);
    if (flooded) {
      if (!flooded.isTold) this.#tell(flooded);
      return true;
    }
    const now = this.#clock();
    checkNumber('the time', now, 0);
    const oldest = now - this.#windowSeconds;
    const known = this.#watched.get(key)?.clusters ?? [];
    const clusters = known.filter(({ seenSeconds }) => seenSeconds >= oldest);
    const limit = this.#limitFor(entry);
    const cluster = clusters.find(({ hash }) => distance(hash, upload) <= limit);
    if (cluster) cluster.seenSeconds = now;
    else if (clusters.length < this.#mostUploads) {
      clusters.push({ hash: copyOfHash(upload), seenSeconds: now });
    } else {
      const anew = { entry: copyOfHash(entry), sinceSeconds: now, isTold: false };
      this.#flooded.set(key, anew);
      this.#watched.delete(key);
      this.#generation++;
      this.#tell(anew);
      return true;
    }
    this.#watch(key, { entry: copyOfHash(entry), clusters, seenSeconds: now }, oldest);
    return false;
  }

  /**
   * Ends a flood, for a reviewer who found that the entry is right. It matches again and is counted
   * anew. If it shall never be flooded again, confirm it in an own list.
   * @param entry the hash of the entry
   * @returns whether it was flooded
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  lift(entry: Hash): boolean {
    const isLifted = this.#flooded.delete(keyOfHash(entry));
    if (isLifted) this.#generation++;
    return isLifted;
  }

  /**
   * The state as a plain object, which `JSON.stringify` uses, too, for `options.state` of the next
   * guard. It holds hashes of uploads.
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

  /** Raises the alarm. A decision must not be lost to an alarm that nobody hears. */
  #tell(flooded: Flooded): void {
    try {
      this.#onAlarm?.({
        entry: copyOfHash(flooded.entry),
        uploads: this.#mostUploads + 1,
        windowSeconds: this.#windowSeconds,
      });
      flooded.isTold = true;
    } catch {
      // The next upload tries again.
    }
  }

  /** The distance up to which uploads that matched `entry` are copies of one. */
  #limitFor(entry: Hash): number {
    const { matchDistance } = policyUnder({}, entry.algorithm, bitsOf(entry));
    return this.#clusterDistance ?? Math.max(0, matchDistance);
  }

  /** Watches an entry as the last one, if need be in the place of another. */
  #watch(key: string, watched: Watched, oldest: number): void {
    this.#watched.delete(key);
    if (this.#watched.size >= this.#mostEntries) {
      let [fewest] = this.#watched;
      if (fewest![1].seenSeconds >= oldest) {
        for (const each of this.#watched) {
          if (each[1].clusters.length < fewest![1].clusters.length) fewest = each;
        }
      }
      this.#watched.delete(fewest![0]);
    }
    this.#watched.set(key, watched);
  }

  #restore(state: FloodGuardJSON): void {
    checkObject(state, 'a state: { flooded, watched }');
    const { flooded, watched } = state;
    if (!Array.isArray(flooded)) throw new TypeError('expected flooded to be a list');
    if (!Array.isArray(watched)) throw new TypeError('expected watched to be a list');
    for (const each of flooded) {
      checkObject(each, 'a flooded entry: { algorithm, hash, sinceSeconds }');
      const entry = hashFromJSON(each);
      checkNumber('sinceSeconds', each.sinceSeconds, 0);
      const { sinceSeconds } = each;
      this.#flooded.set(keyOfHash(entry), { entry, sinceSeconds, isTold: true });
    }
    for (const each of watched) {
      checkObject(each, 'a watched entry: { algorithm, hash, uploads }');
      const entry = hashFromJSON(each);
      const { uploads } = each;
      if (!Array.isArray(uploads)) throw new TypeError('expected uploads to be a list');
      const clusters = uploads.map((upload) => clusterFromJSON(upload, entry));
      // A guard with smaller bounds than the one before keeps what came last.
      const kept = clusters.slice(-this.#mostUploads);
      if (kept.length > 0 && !this.isFlooded(entry)) {
        const seenSeconds = Math.max(...kept.map((cluster) => cluster.seenSeconds));
        this.#watch(keyOfHash(entry), { entry, clusters: kept, seenSeconds }, 0);
      }
    }
  }
}

/**
 * Counts for one upload, which may be searched more than once: it counts once for each entry,
 * however many of its variants come near.
 * @returns whether an entry is flooded, after counting the upload if it is the first time
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
 * Creates a flood guard, for `createBlocklist`.
 * @throws {TypeError | RangeError} if an option is invalid
 * @example
 * const floodGuard = createFloodGuard({ onAlarm: ({ uploads }) => page(`${uploads} uploads`) });
 * const blocklist = createBlocklist(entries, { floodGuard });
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
  distance(hash, entry);
  checkNumber('seenSeconds', json.seenSeconds, 0);
  return { hash, seenSeconds: json.seenSeconds };
}
