import type { Hash } from '../hash.js';
import type { Ring } from '../kernels/search/bands.js';
import { copyHash, grown, type HashType } from '../packed-words.js';
import type { Part } from './compaction.js';
import { askNear, keepNear } from './near.js';
import { EXACT_DISTANCE } from './plan.js';
import { Segment } from './segment.js';

export type { Segment };

/** A hit of a search: the number under which a hash was added, and its distance in bits. */
export interface Hit {
  readonly id: number;
  readonly distance: number;
}

/** True if a near search to this distance is exact. */
export const isExact = ({ bits }: HashType, maxDistance: number): boolean =>
  bits !== 256 || maxDistance <= EXACT_DISTANCE;

/** The scope of a search in a part. */
export interface Scope {
  /** hashes `from`…`to` - 1; absent: all */
  readonly from?: number;
  readonly to?: number;
  /** the buckets of a near search, if a part has buckets: it then covers all its hashes */
  readonly near?: readonly Ring[] | undefined;
  /** returns true if the entry of an id is alive; absent: all are */
  readonly live?: { has(id: number): boolean } | undefined;
  /** added to each id */
  readonly base?: number;
  /** whether the id of an entry is its number, even if the part has ids */
  readonly isNumbered?: boolean;
}

/** The whole part. */
const ALL: Scope = {};

/**
 * Searches parts one after the other, and gathers the entries of the hits in arrays that the next
 * search reuses.
 */
export class PartSearch {
  /** the words of the query */
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
   * Makes the following searches near ones, until the next `ask`.
   * @param ranks certainty of the query's bits, checked; absent: unknown
   * @returns the buckets for the scope; undefined if a near search is exact
   */
  near(max: number, ranks: Uint8Array | undefined): readonly Ring[] | undefined {
    return isExact(this.#type, max) ? undefined : askNear(this.query, ranks);
  }

  /**
   * Searches a part for the query.
   * @param total number of earlier hits, which stay
   * @returns the number of hits after it
   */
  search(part: Part, max: number, total: number, scope = ALL): number {
    const { from = 0, to = part.count, near, live, base = 0, isNumbered } = scope;
    const { entries, count, groups } = part;
    const ids = isNumbered ? undefined : part.ids;
    // If the id of an entry is its number, and all are alive, the part writes hits itself.
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
    // Without buckets all are compared: the rule is applied to the hits.
    return part instanceof Segment
      ? part.searchNear(this.query, max, rings, out)
      : part.search(this.query, max, out, 0, to);
  }

  /** The first hits as new pairs of id and distance. */
  pairs(total: number): Uint32Array {
    return this.#hits.slice(0, 2 * total);
  }

  /** Copies the hits as far as there is room. @returns their number */
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

/** The end of a hash's entries, whatever the bytes of a file say. */
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
