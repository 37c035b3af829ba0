import { feed } from './harness.js';

/**
 * Multi-index hashing as Mohammad Norouzi, Ali Punjani and David Fleet describe it ("Fast Exact
 * Search in Hamming Space With Multi-Index Hashing", TPAMI 36(6), 2014), in TypeScript. There is no
 * package of it; their own is a program in C++.
 *
 * A hash of 256 bits is cut into 16 substrings of 16 bits, each with a table of its own: 65,536
 * buckets, end to end in one array. For a radius r = 16 r' + a, a hash within r has a substring
 * within r' of the query's among the first a + 1, or one within r' - 1 among the rest. Each hash
 * found there is compared whole, once: a bitmap tells those seen before.
 */

const SUBSTRINGS = 16;
const BUCKETS = 2 ** 16;
/** Words of a hash. */
const WORDS = 8;
/** Candidates that are fetched from memory before any is compared: the second cache holds them. */
const BLOCK = 512;

/** By distance: every difference of two substrings that far apart. */
const DIFFERENCES = /* @__PURE__ */ differencesByDistance();

function differencesByDistance(): Uint16Array[] {
  const lists: number[][] = Array.from({ length: 17 }, () => []);
  for (let difference = 0; difference < BUCKETS; difference++) {
    let distance = 0;
    for (let rest = difference; rest > 0; rest >>>= 1) distance += rest & 1;
    lists[distance]!.push(difference);
  }
  return lists.map((list) => Uint16Array.from(list));
}

/** An index of hashes of 256 bits, as its authors describe it. */
export interface Norouzi {
  /**
   * Every hash within `maxDistance` bits of the query: ids and distances, pair by pair, in `out`
   * while there is room.
   * @returns how many there are, even if `out` has no room for them
   */
  searchInto(query: Uint8Array, maxDistance: number, out: Uint32Array): number;
  readonly byteLength: number;
}

/** @param bytes hashes of 32 bytes end to end; copied */
export function norouzi(bytes: Uint8Array): Norouzi {
  const count = bytes.length / (4 * WORDS);
  const codes = new Int32Array(WORDS * count);
  new Uint8Array(codes.buffer).set(bytes);
  const starts = new Uint32Array(SUBSTRINGS * (BUCKETS + 1));
  const ids = new Uint32Array(SUBSTRINGS * count);
  for (let table = 0; table < SUBSTRINGS; table++) fillTable(codes, count, table, starts, ids);
  const query = new Int32Array(WORDS);
  const queryBytes = new Uint8Array(query.buffer);
  const seen = new Uint32Array(Math.ceil(count / 32));
  let candidates = new Uint32Array(1024);

  return {
    byteLength: codes.byteLength + starts.byteLength + ids.byteLength + seen.byteLength,
    searchInto(asked, maxDistance, out) {
      queryBytes.set(asked);
      const radius = Math.floor(maxDistance / SUBSTRINGS);
      const wider = maxDistance % SUBSTRINGS;
      let found = 0;
      for (let table = 0; table < SUBSTRINGS; table++) {
        const key = (query[table >> 1]! >>> (16 * (table & 1))) & 0xffff;
        const within = table <= wider ? radius : radius - 1;
        for (let distance = 0; distance <= within; distance++) {
          const differences = DIFFERENCES[distance]!;
          // Room for all that these buckets can add, so that the loop below need not look.
          const most = found + bucketed(starts, table, key, differences);
          if (most > candidates.length) {
            const grown = new Uint32Array(2 * most);
            grown.set(candidates.subarray(0, found));
            candidates = grown;
          }
          found = gather(starts, ids, table, count, key, differences, seen, candidates, found);
        }
      }
      let total = 0;
      for (let from = 0; from < found; from += BLOCK) {
        const to = Math.min(found, from + BLOCK);
        feed(touch(codes, candidates, from, to));
        total = verify(codes, query, candidates, from, to, maxDistance, out, total);
      }
      for (let i = 0; i < found; i++) seen[candidates[i]! >>> 5] = 0;
      return total;
    },
  };
}

/** One table by counting sort: where each bucket starts, and the ids of all, bucket by bucket. */
function fillTable(
  codes: Int32Array,
  count: number,
  table: number,
  starts: Uint32Array,
  ids: Uint32Array,
): void {
  const word = table >> 1;
  const shift = 16 * (table & 1);
  const from = starts.subarray(table * (BUCKETS + 1), (table + 1) * (BUCKETS + 1));
  for (let id = 0; id < count; id++) from[((codes[WORDS * id + word]! >>> shift) & 0xffff) + 1]!++;
  for (let bucket = 0; bucket < BUCKETS; bucket++) from[bucket + 1]! += from[bucket]!;
  const next = from.slice();
  for (let id = 0; id < count; id++) {
    const key = (codes[WORDS * id + word]! >>> shift) & 0xffff;
    ids[table * count + next[key]!++] = id;
  }
}

/** The number of hashes in the buckets at these differences from a key. */
function bucketed(starts: Uint32Array, table: number, key: number, differences: Uint16Array) {
  const base = table * (BUCKETS + 1);
  let sum = 0;
  for (let i = 0; i < differences.length; i++) {
    const bucket = base + (key ^ differences[i]!);
    sum += starts[bucket + 1]! - starts[bucket]!;
  }
  return sum;
}

/** Appends the ids of those buckets to `candidates`, each the first time that it is met. */
function gather(
  starts: Uint32Array,
  ids: Uint32Array,
  table: number,
  count: number,
  key: number,
  differences: Uint16Array,
  seen: Uint32Array,
  candidates: Uint32Array,
  found: number,
): number {
  const base = table * (BUCKETS + 1);
  const first = table * count;
  let at = found;
  for (let i = 0; i < differences.length; i++) {
    const bucket = base + (key ^ differences[i]!);
    const end = first + starts[bucket + 1]!;
    for (let entry = first + starts[bucket]!; entry < end; entry++) {
      const id = ids[entry]!;
      const bit = 1 << id;
      const marks = seen[id >>> 5]!;
      if ((marks & bit) !== 0) continue;
      seen[id >>> 5] = marks | bit;
      candidates[at++] = id;
    }
  }
  return at;
}

/**
 * Reads a word of each candidate, so that the processor fetches many from memory at a time. At a
 * million hashes and distance 31 this halves the time of a query. Not in the paper.
 */
function touch(codes: Int32Array, candidates: Uint32Array, from: number, to: number): number {
  let word = 0;
  for (let i = from; i < to; i++) word ^= codes[WORDS * candidates[i]!]!;
  return word;
}

/** Compares candidates whole. Two words share the later steps of their population count. */
function verify(
  codes: Int32Array,
  query: Int32Array,
  candidates: Uint32Array,
  from: number,
  to: number,
  max: number,
  out: Uint32Array,
  before: number,
): number {
  let total = before;
  for (let i = from; i < to; i++) {
    const id = candidates[i]!;
    let sum = 0;
    for (let word = 0; word < WORDS; word += 2) {
      const at = WORDS * id + word;
      let x = codes[at]! ^ query[word]!;
      let y = codes[at + 1]! ^ query[word + 1]!;
      x -= (x >>> 1) & 0x55555555;
      y -= (y >>> 1) & 0x55555555;
      // At most 8 a nibble, so 16 a byte and 64 a byte of `sum`.
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      x += (y & 0x33333333) + ((y >>> 2) & 0x33333333);
      sum += (x & 0x0f0f0f0f) + ((x >>> 4) & 0x0f0f0f0f);
    }
    sum = (sum & 0x00ff00ff) + ((sum >>> 8) & 0x00ff00ff);
    const distance = (sum & 0xffff) + (sum >>> 16);
    if (distance > max) continue;
    if (2 * total + 1 < out.length) {
      out[2 * total] = id;
      out[2 * total + 1] = distance;
    }
    total++;
  }
  return total;
}
