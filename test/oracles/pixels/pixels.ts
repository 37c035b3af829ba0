import type { Channels, CheckedPixels, Orientation } from '../../../src/pixels.js';

/** One array of samples for each pixel, row by row. */
const each = ({ data, channels }: CheckedPixels): number[][] =>
  Array.from({ length: data.length / channels }, (_, at) => [
    ...data.subarray(at * channels, (at + 1) * channels),
  ]);

export const isOpaque = (pixels: CheckedPixels): boolean =>
  each(pixels).every((samples) => samples.length % 2 === 1 || samples.at(-1)! >= 250);

export const isGrey = (pixels: CheckedPixels): boolean =>
  each(pixels).every(([red, green, blue]) => red === green && red === blue);

/** The first sample of every pixel, and its alpha if it has one. */
export const greyOf = (pixels: CheckedPixels): number[] =>
  each(pixels).flatMap(([red, , , alpha]) => (alpha === undefined ? [red!] : [red!, alpha]));

/** Colours and backdrop mixed by alpha, rounded to the nearest. */
export const laidOn = (pixels: CheckedPixels, backdrop: number): number[] =>
  each(pixels).flatMap((samples) => {
    const alpha = samples.at(-1)! / 255;
    return samples.slice(0, -1).map((v) => Math.round(v * alpha + backdrop * (1 - alpha)));
  });

/** EXIF 2.32, tag Orientation: which side as displayed the stored row 0 and column 0 are. */
const SIDES = {
  1: ['top', 'left'],
  2: ['top', 'right'],
  3: ['bottom', 'right'],
  4: ['bottom', 'left'],
  5: ['left', 'top'],
  6: ['right', 'top'],
  7: ['right', 'bottom'],
  8: ['left', 'bottom'],
} as const;

/** Every stored pixel put where the standard's words say. */
export function oriented(pixels: CheckedPixels, orientation: Orientation): CheckedPixels {
  const { data, width, height, channels } = pixels;
  const [rowSide, columnSide] = SIDES[orientation];
  const turned = rowSide === 'left' || rowSide === 'right';
  const across = turned ? height : width;
  const down = turned ? width : height;
  const out = new Uint8Array(data.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const place = { top: 0, left: 0, bottom: down - 1, right: across - 1 };
      const toward = { top: 1, left: 1, bottom: -1, right: -1 };
      const alongRows = place[rowSide] + toward[rowSide] * row;
      const alongColumns = place[columnSide] + toward[columnSide] * column;
      const [x, y] = turned ? [alongRows, alongColumns] : [alongColumns, alongRows];
      for (let sample = 0; sample < channels; sample++) {
        out[(y * across + x) * channels + sample] =
          data[(row * width + column) * channels + sample]!;
      }
    }
  }
  return { data: out, width: across, height: down, channels };
}

/** The pixels where columns and rows cross. */
export const crossings = (
  { data, width, channels }: { data: Uint8Array; width: number; channels: Channels },
  columns: readonly number[],
  rows: readonly number[],
): number[] =>
  rows.flatMap((row) =>
    columns.flatMap((column) => {
      const at = (row * width + column) * channels;
      return [...data.subarray(at, at + channels)];
    }),
  );
