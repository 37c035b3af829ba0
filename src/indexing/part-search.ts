import type { Hash } from '../hash.js';
import type { Ring } from '../kernels/search/bands.js';
import { copyHash, grown, type HashType } from '../packed-words.js';
import type { Part } from './compaction.js';
import { askNear, keepNear } from './near.js';
import { EXACT_DISTANCE } from './plan.js';
import { Segment } from './segment.js';

export type { Segment };

/** What a search finds: the number under which a hash was added, and its distance in bits. */
export interface Hit {
  readonly id: number;
  readonly distance: number;
}

/** Whether a near search to this distance finds all that there is, as a search does. */
export const isExact = ({ bits }: HashType, maxDistance: number): boolean =>
  bits !== 256 || maxDistance <= EXACT_DISTANCE;

/** Where a search looks in a part, and what it may find there. */
export interface Scope {
  /** hashes `from`…`to` - 1; absent: all */
  readonly from?: number;
  readonly to?: number;
  /** the buckets of a near search, where a part has buckets: that is of all its hashes */
  readonly near?: readonly Ring[] | undefined;
  /** tells by its id whether an entry is there; absent: all are */
  readonly live?: { has(id: number): boolean } | undefined;
  /** added to each id */
  readonly base?: number;
  /** whether the id of an entry is its number, whatever ids the part has */
  readonly isNumbered?: boolean;
}

/** Everything. */
const ALL: Scope = {};

/**
 * Searches parts one after the other, and gathers the entries of what is found, in arrays that the
 * next search uses again.
 */
export class PartSearch {
  /** the words of what is searched for */
  readonly query: Int32Array;
  readonly #type: HashType;
  readonly #queryBytes: Uint8Array;
  #found = new Uint32Array(256);
  #hits = new Uint32Array(256);

  constructor(type: HashType) {
    this.#type = type;
    this.query = new Int32Array(type.bits / 32);
    this.#queryBytes = new Uint8Array(this.query.buffer);
  }

  /** @throws {TypeError | RangeError} if the hash is of another kind */
  ask(query: Hash): void {
    copyHash(query, this.#type, this.#queryBytes);
  }

  /**
   * Makes the searches that follow near ones, until any query is asked for.
   * @param ranks how sure the bits of the query are, checked; absent: not known
   * @returns the buckets for the scope; undefined where a near search is exact
   */
  near(max: number, ranks: Uint8Array | undefined): readonly Ring[] | undefined {
    return isExact(this.#type, max) ? undefined : askNear(this.query, ranks);
  }

  /**
   * Finds what is near the query in a part.
   * @param total hits that were found before, which stay
   * @returns how many hits there are then
   */
  search(part: Part, max: number, total: number, scope = ALL): number {
    const { from = 0, to = part.count, near, live, base = 0, isNumbered } = scope;
    const { entries, count, groups } = part;
    const ids = isNumbered ? undefined : part.ids;
    // Where the id of an entry is its number, and all are there, the part writes hits itself.
    const isPlain = total + from + base === 0 && groups === 0 && ids === undefined && !live;
    let out = isPlain ? this.#hits : this.#found;
    let found = near
      ? this.#near(part, max, near, out, to)
      : part.search(this.query, max, out, from, to);
    if (2 * found > out.length) {
      out = new Uint32Array(4 * found);
      if (isPlain) this.#hits = out;
      else this.#found = out;
      found = near
        ? this.#near(part, max, near, out, to)
        : part.search(this.query, max, out, from, to);
    }
    if (near) found = keepNear(part.words, out, found);
    if (isPlain) return found;
    const shift = entries - count;
    let hits = this.#hits;
    let at = 2 * total;
    for (let i = 0; i < 2 * found; i += 2) {
      // Integers, so that V8 does not count in floating point.
      const position = (from + out[i]!) | 0;
      const distance = out[i + 1]!;
      let entry = position < groups ? part.startOf(position) : (position + shift) | 0;
      const end = position < groups ? endOf(part, position) : Math.min(entry + 1, entries);
      for (; entry < end; entry++) {
        const id = ids ? ids[entry]! : entry;
        if (live && !live.has(id)) continue;
        if (at === hits.length) hits = grown(hits, 2 * at);
        hits[at] = base + id;
        hits[at + 1] = distance;
        at += 2;
      }
    }
    this.#hits = hits;
    return at / 2;
  }

  #near(part: Part, max: number, rings: readonly Ring[], out: Uint32Array, to: number): number {
    // Without buckets all are compared: the rule is applied to what is found.
    return part instanceof Segment
      ? part.searchNear(this.query, max, rings, out)
      : part.search(this.query, max, out, 0, to);
  }

  /** The first hits as fresh pairs of id and distance. */
  pairs(total: number): Uint32Array {
    return this.#hits.slice(0, 2 * total);
  }

  /** Copies the hits as far as there is room. @returns how many there are */
  pairsTo(out: Uint32Array, total: number): number {
    if (total > 0) out.set(this.#hits.subarray(0, Math.min(2 * total, out.length & ~1)));
    return total;
  }

  /** Adds the hits to a list. */
  hitsTo(hits: Hit[], total: number): Hit[] {
    for (let i = 0; i < total; i++) {
      hits.push({ id: this.#hits[2 * i]!, distance: this.#hits[2 * i + 1]! });
    }
    return hits;
  }
}

/** Where the entries of a hash end, whatever the bytes of a file say. */
export const endOf = (part: Part, position: number): number =>
  Math.min(part.startOf(position + 1), part.entries);

/** Those of the hits, pairs of id and distance, that fulfil a condition. */
export function hitsOf(
  hits: Uint32Array,
  isMeant: (id: number, distance: number) => boolean,
): Uint32Array {
  const meant = new Uint32Array(hits.length);
  let at = 0;
  for (let i = 0; i < hits.length; i += 2) {
    const id = hits[i]!;
    const distance = hits[i + 1]!;
    if (!isMeant(id, distance)) continue;
    meant[at++] = id;
    meant[at++] = distance;
  }
  return meant.subarray(0, at);
}

/** Hits of several searches, pairs of id and distance, one after the other. */
export function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
