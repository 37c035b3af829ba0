/**
 * A copy of `bytes` with one of these changes: a few bits flipped, bytes replaced, a stretch
 * removed, doubled or inserted, two numbers exchanged, or its end cut off.
 * @param next random numbers
 * @param regions lengths of the start of the file that a change may fall in; one is drawn for each
 *   mutant
 */
export function mutant(
  bytes: Uint8Array,
  next: () => number,
  regions: readonly number[],
): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(bytes);
  const region = Math.min(regions[next() % regions.length]!, out.length);
  const at = () => next() % region;
  const joined = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
  const start = at();
  switch (next() % 7) {
    case 0:
      for (let n = 1 + (next() % 8); n > 0; n--) out[at()]! ^= 1 << (next() & 7);
      return out;
    case 1:
      for (let n = 1 + (next() % 4); n > 0; n--) out[at()] = hard(next);
      return out;
    case 2:
      return out.slice(0, next() % out.length);
    case 3:
      return joined(out.subarray(0, start), out.subarray(start + 1 + (next() % 64)));
    case 4:
      return joined(out.subarray(0, start + (next() % 64)), out.subarray(start));
    case 5: {
      const stray = Uint8Array.from({ length: 1 + (next() % 16) }, () => hard(next));
      return joined(out.subarray(0, start), stray, out.subarray(start));
    }
    default: {
      const [to, length] = [at(), [1, 2, 4][next() % 3]!];
      const moved = out.slice(start, start + length);
      out.copyWithin(start, to, to + length);
      out.set(moved.subarray(0, out.length - to), to);
      return out;
    }
  }
}

/** A byte that may trip decoders. */
const hard = (next: () => number) => [0, 1, 0x7f, 0x80, 0xff, next() & 255][next() % 6]!;
