/** A component of a frame: all samples, of which fewer may be coded. */
export interface JpegComponent {
  readonly id: number;
  readonly samples: Uint8Array;
  /** one sample is coded of so many */
  readonly across: number;
  readonly down: number;
}

const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
  13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52,
  45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];
/** The quantizer: the same for all coefficients. */
const STEP = 3;

const COSINES = Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** Symbols of a table: an AC coefficient has 10 bits at most, and follows 15 zeros. */
const SYMBOLS = { dc: 12, ac: 251 };
/** All codes of a table are as long, so that each is its symbol. */
const CODE = { dc: 8, ac: 9 };

/** The data of a table of codes: their count by length, and the symbols. */
const table = (kind: 'dc' | 'ac') => [
  kind === 'dc' ? 0 : 0x10,
  ...Array.from({ length: 16 }, (_, i) => (i + 1 === CODE[kind] ? SYMBOLS[kind] : 0)),
  ...Array.from({ length: SYMBOLS[kind] }, (_, i) => i),
];

const segment = (marker: number, data: readonly number[]) =>
  Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data]);

/** Bits of a scan, with the byte that follows each of 255. */
class Bits {
  readonly bytes: number[] = [];
  #value = 0;
  #count = 0;

  put(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) {
      this.#value = (this.#value << 1) | ((value >> i) & 1);
      if (++this.#count === 8) this.#byte();
    }
  }

  flush(): void {
    while (this.#count > 0) this.put(1, 1);
  }

  #byte(): void {
    this.bytes.push(this.#value);
    if (this.#value === 255) this.bytes.push(0);
    this.#value = this.#count = 0;
  }
}

/** Quantized coefficients of a block, in zigzag order. */
function blockOf(
  { samples, across, down }: JpegComponent,
  width: number,
  height: number,
  left: number,
  top: number,
): number[] {
  const values = new Float64Array(64);
  for (let i = 0; i < 64; i++) {
    const x = Math.min(width - 1, (left + (i & 7)) * across);
    const y = Math.min(height - 1, (top + (i >> 3)) * down);
    values[i] = samples[y * width + x]! - 128;
  }
  const rows = new Float64Array(64);
  for (let y = 0; y < 8; y++) {
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let x = 0; x < 8; x++) sum += COSINES[8 * u + x]! * values[8 * y + x]!;
      rows[8 * y + u] = sum;
    }
  }
  return ZIGZAG.map((at) => {
    const [v, u] = [at >> 3, at & 7];
    let sum = 0;
    for (let y = 0; y < 8; y++) sum += COSINES[8 * v + y]! * rows[8 * y + u]!;
    return Math.round(sum / STEP);
  });
}

const lengthOf = (value: number) => 32 - Math.clz32(Math.abs(value));
const bitsOf = (value: number, length: number) => (value < 0 ? value + (1 << length) - 1 : value);

/**
 * A baseline JPEG of any components, without its first two bytes. `across` and `down` are 1 or 2
 * and those of the first component are 1.
 * @param restart units between restart markers, or 0
 * @param amid segments between the header of the frame and the scan
 */
export function encodeJpeg(
  width: number,
  height: number,
  components: readonly JpegComponent[],
  restart: number,
  amid: readonly Uint8Array[],
): Buffer {
  const across = Math.max(...components.map((one) => one.across));
  const down = Math.max(...components.map((one) => one.down));
  const share = (one: JpegComponent) => [across / one.across, down / one.down] as const;
  const bits = new Bits();
  const last = components.map(() => 0);
  let units = 0;
  let restarts = 0;
  const isAlone = components.length === 1;
  for (let top = 0; top < height; top += 8 * down) {
    for (let left = 0; left < width; left += 8 * across) {
      if (restart > 0 && units > 0 && units % restart === 0) {
        bits.flush();
        bits.bytes.push(0xff, 0xd0 + (restarts++ & 7));
        last.fill(0);
      }
      units++;
      components.forEach((one, c) => {
        const [columns, rows] = isAlone ? [1, 1] : share(one);
        for (let i = 0; i < columns * rows; i++) {
          const x = left / one.across + 8 * (i % columns);
          const y = top / one.down + 8 * Math.floor(i / columns);
          const coded = blockOf(one, width, height, x, y);
          const difference = coded[0]! - last[c]!;
          last[c] = coded[0]!;
          const length = lengthOf(difference);
          bits.put(length, CODE.dc);
          bits.put(bitsOf(difference, length), length);
          let zeros = 0;
          const end = coded.findLastIndex((value) => value !== 0);
          for (let k = 1; k <= end; k++) {
            if (coded[k] === 0) {
              zeros++;
              continue;
            }
            for (; zeros > 15; zeros -= 16) bits.put(0xf0, CODE.ac);
            const size = lengthOf(coded[k]!);
            bits.put((zeros << 4) | size, CODE.ac);
            bits.put(bitsOf(coded[k]!, size), size);
            zeros = 0;
          }
          if (end < 63) bits.put(0, CODE.ac);
        }
      });
    }
  }
  bits.flush();
  const frame = components.flatMap((one) => {
    const [h, v] = share(one);
    return [one.id, (h << 4) | v, 0];
  });
  return Buffer.concat([
    segment(0xdb, [0, ...Array<number>(64).fill(STEP)]),
    segment(0xc0, [
      8,
      height >> 8,
      height & 255,
      width >> 8,
      width & 255,
      components.length,
      ...frame,
    ]),
    ...amid,
    segment(0xc4, [...table('dc'), ...table('ac')]),
    ...(restart > 0 ? [segment(0xdd, [0, restart])] : []),
    segment(0xda, [components.length, ...components.flatMap(({ id }) => [id, 0]), 0, 63, 0]),
    Buffer.from(bits.bytes),
    Buffer.of(0xff, 0xd9),
  ]);
}
