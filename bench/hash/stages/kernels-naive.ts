/*
 * Naive twins of kernels: by definition, one pixel at a time, in float64. For checking answers, and
 * to show what a kernel saves.
 */

/** A picture or a plane. Its border is repeated outside. */
interface Sampled {
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  readonly channels?: number;
}

const within = (place: number, length: number) => Math.max(0, Math.min(place, length - 1));

const at = ({ data, width, height, channels = 1 }: Sampled, x: number, y: number, channel = 0) =>
  data[(within(y, height) * width + within(x, width)) * channels + channel]!;

/** `out[x + width · y] = of(x, y)`. */
function plane(width: number, height: number, of: (x: number, y: number) => number): Float64Array {
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) out[y * width + x] = of(x, y);
  return out;
}

const WEIGHTS = [0.299, 0.587, 0.114];

/** Luma, red, green and blue of squares of `scale` pixels a side, as `reduce` defines them. */
export function reduced(picture: Sampled, scale: number): Float64Array[] {
  const near = Math.floor((scale - 1) / 4);
  const places = [near, scale - 1 - near];
  const sides = [Math.ceil(picture.width / scale), Math.ceil(picture.height / scale)] as const;
  const luma = plane(...sides, (x, y) => {
    let sum = 0;
    for (const down of places)
      for (const right of places)
        for (let c = 0; c < 3; c++)
          sum += WEIGHTS[c]! * at(picture, scale * x + right, scale * y + down, c);
    return sum / 4;
  });
  const colours = [0, 1, 2].map((c) =>
    plane(...sides, (x, y) => at(picture, scale * x + near, scale * y + near, c)),
  );
  return [luma, ...colours];
}

/** The picture with rows and columns exchanged. */
export function exchanged(picture: Sampled): Sampled {
  const { width, height, channels = 1 } = picture;
  const data = plane(height * channels, width, (i, y) =>
    at(picture, y, Math.floor(i / channels), i % channels),
  );
  return { data, width: height, height: width, channels };
}

export const halved = (of: Sampled): Float64Array =>
  plane((of.width + 1) >> 1, (of.height + 1) >> 1, (x, y) => {
    const [left, top] = [2 * x, 2 * y];
    const upper = at(of, left, top) + at(of, left + 1, top);
    return (upper + at(of, left, top + 1) + at(of, left + 1, top + 1)) / 4;
  });

/** @param across weights of a pixel, its neighbours and theirs; `down` likewise */
export const softened = (of: Sampled, across: Float64Array, down: Float64Array): Float64Array =>
  plane(of.width, of.height, (x, y) => {
    let sum = 0;
    for (let v = -2; v <= 2; v++)
      for (let u = -2; u <= 2; u++)
        sum += across[Math.abs(u)]! * down[Math.abs(v)]! * at(of, x + u, y + v);
    return sum;
  });

/** A place between four pixels; outside, the nearest inside. */
export function between(of: Sampled, placeX: number, placeY: number): number {
  const [x, y] = [within(placeX, of.width), within(placeY, of.height)];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, low] = [x - left, y - top];
  const upper = (1 - right) * at(of, left, top) + right * at(of, left + 1, top);
  const lower = (1 - right) * at(of, left, top + 1) + right * at(of, left + 1, top + 1);
  return (1 - low) * upper + low * lower;
}

/** 64 x 64 samples, each at the place that `placeOf` gives for its column and row. */
export const grid = (of: Sampled, placeOf: (j: number, i: number) => [number, number]) =>
  plane(64, 64, (j, i) => between(of, ...placeOf(j, i)));

/** Running counts of steps over `least`: down along rows, and across along columns. */
export function edges(of: Sampled, least: number): Float64Array[] {
  const { width, height } = of;
  const fixed = (x: number, y: number) => Math.trunc(at(of, x, y) * 65536);
  const isEdge = (x: number, y: number, dx: number, dy: number) =>
    Math.abs(fixed(x, y) - fixed(x - dx, y - dy)) > least * 65536 ? 1 : 0;
  const rows = new Float64Array((width + 1) * (height + 1));
  const columns = rows.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * (width + 1) + x;
      rows[i + 1] = rows[i]! + isEdge(x, y, 0, 1);
      columns[i + width + 1] = columns[i]! + isEdge(x, y, 1, 0);
    }
  }
  return [rows, columns];
}

/** 1 where a channel differs by more than `away` from a colour. */
export const content = (channels: readonly Sampled[], colour: readonly number[], away: number) =>
  plane(channels[0]!.width, channels[0]!.height, (x, y) =>
    channels.some((channel, c) => Math.abs(at(channel, x, y) - colour[c]!) > away) ? 1 : 0,
  );

/** 1 where three pixels of a square of two a side are marked; an empty column at the end. */
export function blocks(of: Sampled): Float64Array {
  const columns = of.width >> 1;
  return plane(columns + 1, of.height >> 1, (x, y) => {
    if (x === columns) return 0;
    const upper = at(of, 2 * x, 2 * y) + at(of, 2 * x + 1, 2 * y);
    return upper + at(of, 2 * x, 2 * y + 1) + at(of, 2 * x + 1, 2 * y + 1) >= 3 ? 1 : 0;
  });
}

const cosine = (i: number, k: number) =>
  Math.sqrt(2 / 64) * Math.cos((Math.PI / 128) * (i + 1) * (2 * k + 1));
const COSINES = /* @__PURE__ */ plane(64, 16, (k, i) => cosine(i, k));

/** The 16 x 16 low frequencies of 64 x 64 samples. */
export function dct(samples: ArrayLike<number>): Float64Array {
  const product = (i: number, of: (k: number) => number) => {
    let sum = 0;
    for (let k = 0; k < 64; k++) sum += COSINES[64 * i + k]! * of(k);
    return sum;
  };
  const down = plane(64, 16, (j, i) => product(i, (k) => samples[64 * k + j]!));
  return plane(16, 16, (j, i) => product(j, (k) => down[64 * i + k]!));
}

/**
 * The mean of the values about each in its line, as many as PDQ's box has; fewer at the ends. Lines
 * become columns.
 */
function boxed(values: Float64Array, length: number, lines: number): Float64Array {
  const out = new Float64Array(values.length);
  const window = Math.floor((length + 127) / 128);
  const ahead = Math.floor((window + 2) / 2);
  for (let line = 0; line < lines; line++) {
    for (let x = 0; x < length; x++) {
      const [from, end] = [Math.max(0, x + ahead - window), Math.min(length, x + ahead)];
      let sum = 0;
      for (let i = from; i < end; i++) sum += values[line * length + i]!;
      out[x * lines + line] = sum / (end - from);
    }
  }
  return out;
}

/** PDQ of a picture that is not resampled: 32 bytes. Not with the reference's roundings. */
export function pdqBytes({ data, width, height, channels = 1 }: Sampled): Uint8Array {
  const luma = new Float64Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    const from = i * channels;
    luma[i] = 0.299 * data[from]! + 0.587 * data[from + 1]! + 0.114 * data[from + 2]!;
  }
  for (let pass = 0; pass < 2; pass++) luma.set(boxed(boxed(luma, width, height), height, width));
  const middle = (i: number, length: number) => Math.floor(((i + 0.5) * length) / 64);
  const samples = plane(64, 64, (j, i) => luma[middle(i, height) * width + middle(j, width)]!);
  const coefficients = dct(samples);
  const median = coefficients.slice().sort()[127]!;
  const bytes = new Uint8Array(32);
  // Bit 0 is the last of the hash.
  for (let bit = 0; bit < 256; bit++)
    if (coefficients[bit]! > median) bytes[31 - (bit >> 3)]! |= 1 << (bit & 7);
  return bytes;
}
