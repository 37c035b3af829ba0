import type { Pixels } from '../../../src/pixels.js';

/** Grey as 16-bit fixed point weights give it, one pixel. */
const greyAt = ({ data, channels = 4 }: Pixels, i: number) =>
  channels < 3
    ? data[i * channels]!
    : Math.floor(
        (data[i * channels]! * 19595 +
          data[i * channels + 1]! * 38470 +
          data[i * channels + 2]! * 7471 +
          32768) /
          65536,
      );

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** One line of samples resampled: every tap's weight worked out where it is used, in whole units of 2^-22. */
function resampleLine(line: number[], count: number): number[] {
  const scale = line.length / count;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: count }, (_, i) => {
    const middle = (i + 0.5) * scale;
    const from = Math.max(0, Math.floor(middle - 3 * stretch + 0.5));
    const to = Math.min(line.length, Math.floor(middle + 3 * stretch + 0.5));
    const taps = line.slice(from, to).map((_, tap) => {
      const x = (tap + from - middle + 0.5) / stretch;
      return Math.abs(x) >= 3 ? 0 : sinc(x) * sinc(x / 3);
    });
    const total = taps.reduce((a, b) => a + b, 0);
    let sum = 2 ** 21;
    for (const [tap, weight] of taps.entries()) {
      const fixed = (weight / total) * 2 ** 22;
      sum += line[from + tap]! * Math.sign(fixed) * Math.floor(Math.abs(fixed) + 0.5);
    }
    return Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22)));
  });
}

/** Grey thumbnail: all of the picture made grey, then all rows resampled, then all columns. */
export function naiveThumbnail(pixels: Pixels, columns: number, rows: number): number[] {
  const { width, height } = pixels;
  const narrow = Array.from({ length: height }, (_, y) =>
    resampleLine(
      Array.from({ length: width }, (_, x) => greyAt(pixels, y * width + x)),
      columns,
    ),
  );
  const turned = Array.from({ length: columns }, (_, x) =>
    resampleLine(
      narrow.map((line) => line[x]!),
      rows,
    ),
  );
  return Array.from({ length: rows * columns }, (_, i) => turned[i % columns]![(i / columns) | 0]!);
}
