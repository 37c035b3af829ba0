import type { Resample } from '../../../src/hash.js';
import type { Pixels } from '../../../src/pixels.js';
import { DIHEDRAL_NAMES, type DihedralName } from '../../../src/variant.js';

/**
 * PDQ line by line, as its C++ reference computes it (facebook/ThreatExchange, pdq/cpp), without any regard for speed:
 * whole float32 planes, one scalar loop a step. Only the published algorithm is used, none of our kernels.
 */
const f32 = Math.fround;

export type Plane = { values: Float32Array; width: number; height: number };

/** Samples a pixel, from the length where the picture does not say. */
const channelsOf = ({ data, width, height, channels }: Pixels) =>
  channels ?? data.length / (width * height);

/** Luma at one pixel: the value of a grey one, else three products and two sums, each rounded. */
function lumaAt(pixels: Pixels, x: number, y: number): number {
  const channels = channelsOf(pixels);
  const at = (y * pixels.width + x) * channels;
  const [r, g, b] = [pixels.data[at]!, pixels.data[at + 1]!, pixels.data[at + 2]!];
  if (channels < 3) return r;
  return f32(f32(f32(f32(0.299) * r) + f32(f32(0.587) * g)) + f32(f32(0.114) * b));
}

/** The luma plane, nearest-neighbour to 512 x 512 first where a side is longer. */
export function lumaPlane(pixels: Pixels, resample: Resample): Plane {
  const shrink = resample === 512 && (pixels.width > 512 || pixels.height > 512);
  const width = shrink ? 512 : pixels.width;
  const height = shrink ? 512 : pixels.height;
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sourceX = Math.floor((x * pixels.width) / width);
      const sourceY = Math.floor((y * pixels.height) / height);
      values[y * width + x] = lumaAt(pixels, sourceX, sourceY);
    }
  }
  return { values, width, height };
}

/** Running mean of one line in four phases: only adds; adds and outputs; both and outputs; subtracts and outputs. */
export function boxLine(line: readonly number[], window: number): number[] {
  const half = Math.floor((window + 2) / 2);
  const out: number[] = [];
  let sum = 0;
  let count = 0;
  let newest = 0;
  let oldest = 0;
  for (let n = 0; n < half - 1; n++) {
    sum = f32(sum + line[newest++]!);
    count++;
  }
  for (let n = 0; n < window - half + 1; n++) {
    sum = f32(sum + line[newest++]!);
    count++;
    out.push(f32(sum / count));
  }
  for (let n = 0; n < line.length - window; n++) {
    sum = f32(sum + line[newest++]!);
    sum = f32(sum - line[oldest++]!);
    out.push(f32(sum / count));
  }
  for (let n = 0; n < half - 1; n++) {
    sum = f32(sum - line[oldest++]!);
    count--;
    out.push(f32(sum / count));
  }
  return out;
}

const windowOf = (length: number) => Math.floor((length + 127) / 128);

/** Rows, columns, rows, columns. */
export function tentFilter({ values, width, height }: Plane): Plane {
  const plane = Float32Array.from(values);
  for (let repeat = 0; repeat < 2; repeat++) {
    for (let y = 0; y < height; y++) {
      const row = Array.from({ length: width }, (_, x) => plane[y * width + x]!);
      for (const [x, value] of boxLine(row, windowOf(width)).entries())
        plane[y * width + x] = value;
    }
    for (let x = 0; x < width; x++) {
      const column = Array.from({ length: height }, (_, y) => plane[y * width + x]!);
      for (const [y, value] of boxLine(column, windowOf(height)).entries()) {
        plane[y * width + x] = value;
      }
    }
  }
  return { values: plane, width, height };
}

/** The pixel nearest to the centre of each of 64 x 64 tiles. */
export function decimate({ values, width, height }: Plane): Float32Array {
  const out = new Float32Array(64 * 64);
  for (let i = 0; i < 64; i++) {
    for (let j = 0; j < 64; j++) {
      const y = Math.trunc(((i + 0.5) * height) / 64);
      const x = Math.trunc(((j + 0.5) * width) / 64);
      out[64 * i + j] = values[y * width + x]!;
    }
  }
  return out;
}

/** Quality of a 64 x 64 plane: its gradients in hundredths of the range, cut to whole numbers, summed. */
export function quality(plane: ArrayLike<number>): number {
  let sum = 0;
  const gradient = (u: number, v: number) => Math.abs(Math.trunc(f32(f32(f32(u - v) * 100) / 255)));
  for (let i = 0; i < 64; i++) {
    for (let j = 0; j < 64; j++) {
      if (i < 63) sum += gradient(plane[64 * i + j]!, plane[64 * i + 64 + j]!);
      if (j < 63) sum += gradient(plane[64 * i + j]!, plane[64 * i + j + 1]!);
    }
  }
  return Math.min(100, Math.floor(sum / 90));
}

/** An entry of the 16 x 64 matrix of cosines; row 0 is frequency 1. */
export const cosine = (i: number, k: number) =>
  f32(f32(Math.sqrt(2 / 64)) * Math.cos((Math.PI / 2 / 64) * (i + 1) * (2 * k + 1)));

const COSINES = Array.from({ length: 16 }, (_, i) =>
  Array.from({ length: 64 }, (_, k) => cosine(i, k)),
);

/** The 16 x 16 low frequencies of a 64 x 64 plane, without the constant row and column. */
export function dct(plane: ArrayLike<number>): Float32Array {
  const t = new Float32Array(16 * 64);
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 64; j++) {
      let sum = 0;
      for (let k = 0; k < 64; k++) sum = f32(sum + f32(COSINES[i]![k]! * plane[64 * k + j]!));
      t[64 * i + j] = sum;
    }
  }
  const out = new Float32Array(16 * 16);
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      let sum = 0;
      for (let k = 0; k < 64; k++) sum = f32(sum + f32(t[64 * i + k]! * COSINES[j]![k]!));
      out[16 * i + j] = sum;
    }
  }
  return out;
}

/** Bit 16 i + j is set where the coefficient is above the lower median; written as one big-endian number. */
export function hexOfBits(coefficients: ArrayLike<number>): string {
  const median = Float64Array.from(coefficients).sort()[127]!;
  let number = 0n;
  for (let bit = 0; bit < 256; bit++) if (coefficients[bit]! > median) number |= 1n << BigInt(bit);
  return number.toString(16).padStart(64, '0');
}

/** Coefficients of the eight dihedral forms from those of the first. */
export function dihedralCoefficients(b: Float32Array, name: DihedralName): Float32Array {
  const out = new Float32Array(256);
  const odd = (n: number) => (n % 2 === 1 ? 1 : -1);
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      const value = b[16 * i + j]!;
      if (name === 'original') out[16 * i + j] = value;
      if (name === 'rotate90') out[16 * j + i] = odd(j) * value;
      if (name === 'rotate180') out[16 * i + j] = -odd(i + j) * value;
      if (name === 'rotate270') out[16 * j + i] = odd(i) * value;
      if (name === 'flipX') out[16 * i + j] = odd(i) * value;
      if (name === 'flipY') out[16 * i + j] = odd(j) * value;
      if (name === 'flipPlus1') out[16 * j + i] = value;
      if (name === 'flipMinus1') out[16 * j + i] = -odd(i + j) * value;
    }
  }
  return out;
}

/** Hash as hex, and quality. */
export function naivePdq(
  pixels: Pixels,
  resample: Resample = 512,
): { hex: string; quality: number } {
  const luma = lumaPlane(pixels, resample);
  if (luma.width < 5 || luma.height < 5) return { hex: '0'.repeat(64), quality: 0 };
  const small = luma.width === 64 && luma.height === 64 ? luma.values : decimate(tentFilter(luma));
  return { hex: hexOfBits(dct(small)), quality: quality(small) };
}

/** The eight dihedral hashes as hex, and quality. Here 64 x 64 pixels are filtered too. */
export function naivePdqDihedral(
  pixels: Pixels,
  resample: Resample = 512,
): { hexes: Record<DihedralName, string>; quality: number } {
  const luma = lumaPlane(pixels, resample);
  const tiny = luma.width < 5 || luma.height < 5;
  const small = tiny ? new Float32Array(64 * 64) : decimate(tentFilter(luma));
  const coefficients = dct(small);
  const entries = DIHEDRAL_NAMES.map((name) => [
    name,
    tiny ? '0'.repeat(64) : hexOfBits(dihedralCoefficients(coefficients, name)),
  ]);
  return { hexes: Object.fromEntries(entries), quality: quality(small) };
}
