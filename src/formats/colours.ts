import { type ColourReading, iccProfile, rgbReading } from './icc.js';
import { type ImageHeader, isAt, viewOf } from './image-format.js';

/** Everything by which a browser may change the colours of a file. */
export interface Colours {
  readonly readings: readonly ColourReading[];
  /** true if no camera or editor would write one of them, or if there are too many */
  readonly odd: boolean;
}

/** As many as are looked at: no writer says more than two things. */
const MOST = 4;
/** The numbers of a PNG's gAMA and cHRM are whole. */
const PNG_UNIT = 100_000;

/** x and y (CIE 1931) of white, red, green and blue. */
const SRGB: readonly number[] = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06];
const RP145: readonly number[] = [0.3127, 0.329, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07];
/** Those of H.273, table 2, by their numbers; the others are sRGB's. */
const PRIMARIES: Readonly<Record<number, readonly number[]>> = {
  4: [0.31, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08],
  5: [0.3127, 0.329, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06],
  6: RP145,
  7: RP145,
  8: [0.31, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049],
  9: [0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046],
  10: [1 / 3, 1 / 3, 1, 0, 0, 1, 0, 0],
  11: [0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06],
  12: [0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06],
  22: [0.3127, 0.329, 0.63, 0.34, 0.295, 0.605, 0.155, 0.077],
};

const fromSrgb = (x: number) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
/** That of BT.709 and its like, as Chromium takes it; others take sRGB's. */
const from709 = (x: number) => x ** 2.4;
/** ST 2084, of at most 1,000 cd/m²: browsers differ in how bright they show it. */
function fromPq(x: number): number {
  const root = x ** (1 / 78.84375);
  const part = Math.max(0, root - 0.8359375) / (18.8515625 - 18.6875 * root);
  return 10 * part ** (1 / 0.1593017578125);
}
const fromHlg = (x: number) =>
  2 * (x <= 0.5 ? x ** 2 / 3 : (Math.exp((x - 0.55991) / 0.178833) + 0.284669) / 12) ** 1.2;
/** Those of H.273, table 3, by their numbers; the others are sRGB's. */
const TRANSFERS: Readonly<Record<number, (x: number) => number>> = {
  1: from709,
  4: (x) => x ** 2.2,
  5: (x) => x ** 2.8,
  6: from709,
  7: (x) => (x < 0.0912 ? x / 4 : ((x + 0.1115) / 1.1115) ** (1 / 0.45)),
  8: (x) => x,
  9: (x) => 100 ** (x - 1),
  10: (x) => 10 ** (2.5 * (x - 1)),
  11: from709,
  14: from709,
  15: from709,
  16: fromPq,
  17: (x) => x ** 2.6,
  18: fromHlg,
};

/**
 * All that a file says of its colours. Of several things, browsers take one or another.
 * @param inflate undoes zlib; undefined if the bytes are damaged
 */
export function coloursOf(
  bytes: Uint8Array,
  { format, colours }: Pick<ImageHeader, 'format' | 'colours'>,
  inflate: (bytes: Uint8Array) => Uint8Array | undefined,
): Colours {
  const said: Uint8Array[] = [];
  const parts: Uint8Array[] = [];
  const codes: (readonly [number, number])[] = [];
  let exponent: number | undefined;
  let primaries: readonly number[] | undefined;
  for (let i = 0; i < colours.length; i += 2) {
    const stretch = bytes.subarray(colours[i], colours[i + 1]);
    const data = stretch.subarray(4);
    const view = viewOf(data);
    if (format === 'jpeg') {
      parts.push(stretch);
    } else if (format === 'webp' || format === 'tiff') {
      said.push(stretch);
    } else if (isAt(stretch, 0, 'prof') || isAt(stretch, 0, 'rICC')) {
      said.push(data);
    } else if (isAt(stretch, 0, 'nclx') && data.length >= 4) {
      codes.push([view.getUint16(0), view.getUint16(2)]);
    } else if (isAt(stretch, 0, 'cICP') && data.length >= 2) {
      codes.push([data[0]!, data[1]!]);
    } else if (isAt(stretch, 0, 'iCCP')) {
      // After a name, its end, and the number of the method.
      said.push(inflate(data.subarray(data.indexOf(0) + 2)) ?? new Uint8Array());
    } else if (isAt(stretch, 0, 'gAMA') && data.length >= 4 && view.getUint32(0) > 0) {
      exponent ??= PNG_UNIT / view.getUint32(0);
    } else if (isAt(stretch, 0, 'cHRM') && data.length >= 32) {
      primaries ??= Array.from({ length: 8 }, (_, n) => view.getUint32(4 * n) / PNG_UNIT);
    }
  }
  if (parts.length > 0) said.push(joined(parts));
  const read = said.map(iccProfile);
  for (const { cicp } of read) if (cicp) codes.push(cicp);
  const written = codes.map(([colour, transfer]) =>
    rgbReading(PRIMARIES[colour] ?? SRGB, TRANSFERS[transfer] ?? fromSrgb),
  );
  if (exponent !== undefined || primaries) {
    const curve = exponent === undefined ? fromSrgb : (x: number) => x ** exponent!;
    written.push(rgbReading(primaries ?? SRGB, curve));
  }
  const readings = [...read.flatMap((icc) => icc.readings), ...written].filter((one) => !!one);
  const odd = readings.some((reading) => reading.odd) || readings.length > MOST;
  return { readings: readings.slice(0, MOST), odd };
}

/**
 * The parts of a JPEG's profile in their order, the first of each number: it is their first byte,
 * and how many there are the second.
 */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const numbered = new Map([...parts].reverse().map((part) => [part[0]!, part.subarray(2)]));
  const ordered = [...numbered].sort(([a], [b]) => a - b).map(([, part]) => part);
  const profile = new Uint8Array(ordered.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of ordered) {
    profile.set(part, at);
    at += part.length;
  }
  return profile;
}
