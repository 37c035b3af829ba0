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
