import { type Arena, keptBeside, kernelsOf } from '../simd/arena.js';
import { RANK_KERNELS, sortNetwork } from '../simd/ranks.js';

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared.
const distances = /* @__PURE__ */ new Float32Array(256);
let words: Uint32Array | undefined;
const order = /* @__PURE__ */ new Uint8Array(256);
const next = /* @__PURE__ */ new Uint8Array(256);
const starts = /* @__PURE__ */ new Int32Array(3 * 256);

/**
 * Ranks 256 values by their distance from `centre`: 0 for the nearest; of equal ones, the first is
 * nearer. Distances are truncated to the upper 24 bits of a float32, 15 of them after the point. A
 * float that is not negative sorts like its bits as an integer, so they are sorted byte by byte,
 * the lowest first. About 4 us.
 * @param out the rank of `values[255 - i]` at i: a PDQ hash writes its last bit first
 */
export function rankByDistance(values: Float64Array, centre: number, out: Uint8Array): void {
  words ??= new Uint32Array(distances.buffer);
  const keys = words;
  for (let i = 0; i < 256; i++) distances[i] = Math.abs(values[i]! - centre);
  for (let i = 0; i < 256; i++) {
    const word = keys[i]!;
    starts[(word >>> 8) & 255]!++;
    starts[256 + ((word >>> 16) & 255)]!++;
    starts[512 + (word >>> 24)]!++;
    order[i] = i;
  }
  sortBy(keys, 8, 0, order, next);
  sortBy(keys, 16, 256, next, order);
  sortBy(keys, 24, 512, order, next);
  for (let rank = 0; rank < 256; rank++) out[255 - next[rank]!] = rank;
  distances.fill(0);
  order.fill(0);
  next.fill(0);
  starts.fill(0);
}

/** A pass of the counting sort: by the byte at `shift`, whose counts begin at `base`. */
function sortBy(
  keys: Uint32Array,
  shift: number,
  base: number,
  from: Uint8Array,
  to: Uint8Array,
): void {
  let start = 0;
  for (let digit = base; digit < base + 256; digit++) {
    const count = starts[digit]!;
    starts[digit] = start;
    start += count;
  }
  for (let i = 0; i < 256; i++) {
    const value = from[i]!;
    const digit = base + ((keys[value]! >>> shift) & 255);
    const place = starts[digit]!;
    starts[digit] = place + 1;
    to[place] = value;
  }
}

const keptByKernels = (take: Arena['take']) => {
  const pairs = sortNetwork();
  const network = take(Int32Array, pairs.length);
  network.set(pairs);
  const [keys, numbers] = [take(Int32Array, 256), take(Float64Array, 2)];
  return { network, keys, numbers, bits: take(Uint8Array, 32), places: take(Uint8Array, 256) };
};

/**
 * The bits of 256 values above their lower median, the last one first, and their ranks by kernels:
 * 256 keys sort in a network of minima and maxima.
 * @param band values this near to the median leave their bits in doubt, but for the median itself
 * @param bits overwritten
 * @param ranks as of `rankByDistance`, if no bit is in doubt
 * @returns whether no bit is in doubt; undefined, and nothing is written, if there are no kernels,
 *   or several values look alike about the median
 */
export function bitsByKernels(
  values: Float64Array,
  band: number,
  bits: Uint8Array,
  ranks: Uint8Array | undefined,
): boolean | undefined {
  const kernels = kernelsOf(values, RANK_KERNELS);
  if (kernels === undefined) return undefined;
  const kept = keptBeside(values, keptByKernels);
  const { keys, numbers } = kept;
  const [from, to, network] = [values.byteOffset, keys.byteOffset, kept.network.byteOffset];
  const centre = numbers.byteOffset;
  kernels.valueKeys(from, centre, to);
  kernels.sortKeys(to, network);
  // Positions 126, 127 and 128.
  const key = keys[253]!;
  let isCertain: boolean | undefined;
  if (keys[249]! >> 8 !== key >> 8 && keys[2]! >> 8 !== key >> 8) {
    numbers[0] = values[key & 255]!;
    numbers[1] = band;
    // One is the median.
    isCertain = kernels.bitsAbove(from, centre, kept.bits.byteOffset) < 2;
    if (isCertain) bits.set(kept.bits);
    if (isCertain && ranks) {
      kernels.distanceKeys(from, centre, to);
      kernels.sortKeys(to, network);
      kernels.rankKeys(to, kept.places.byteOffset);
      ranks.set(kept.places);
      kept.places.fill(0);
    }
    numbers.fill(0);
    kept.bits.fill(0);
  }
  keys.fill(0);
  return isCertain;
}
