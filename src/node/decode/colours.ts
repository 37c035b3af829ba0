import { type ImageHeader, isAt, viewOf } from '../../formats/image-format.js';

/** Everything in a file by which a browser may change its colours. */
export interface Colours {
  readonly readings: readonly ColourReading[];
  /** true if no camera or editor would write one of them, or if there are too many */
  readonly odd: boolean;
}

/** The most that are read: no writer states more than two. */
const MOST = 4;
/** PNG stores gAMA and cHRM as whole numbers. */
const PNG_UNIT = 100_000;

/** x and y (CIE 1931) of white, red, green and blue. */
const SRGB: readonly number[] = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06];
const RP145: readonly number[] = [0.3127, 0.329, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07];
/** Primaries by their numbers in H.273, table 2; the others are sRGB's. */
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
/** The curve of BT.709 and its like in Chromium; other engines use sRGB's. */
const from709 = (x: number) => x ** 2.4;
/** ST 2084, up to 1,000 cd/m²: browsers differ in how bright they show it. */
function fromPq(x: number): number {
  const root = x ** (1 / 78.84375);
  const part = Math.max(0, root - 0.8359375) / (18.8515625 - 18.6875 * root);
  return 10 * part ** (1 / 0.1593017578125);
}
const fromHlg = (x: number) =>
  2 * (x <= 0.5 ? x ** 2 / 3 : (Math.exp((x - 0.55991) / 0.178833) + 0.284669) / 12) ** 1.2;
/** Curves by their numbers in H.273, table 3; the others are sRGB's. */
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
 * All that a file states about its colours. Browsers differ in which of several they follow.
 * @param inflate decompresses zlib; undefined if the bytes are damaged
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
      // The name, its terminator and the number of the method come first.
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
 * The parts of a JPEG's profile in order, the first of each number. Their first byte is that
 * number, the second the total.
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

/** More tags than any profile has; qcms has the same bound. */
const MOST_TAGS = 1024;
/** Tables of colours, in the order in which engines prefer them. */
const TABLES = ['A2B0', 'A2B1', 'A2B2'];
/** The same tables in floating point, which only lcms reads. */
const FLOAT_TABLES = ['D2B0', 'D2B1', 'D2B2', 'D2B3'];

/** One way in which an engine may read a file's statements about its colours. */
export interface ColourReading {
  /** the samples that it applies to */
  readonly kind: 'RGB ' | 'GRAY' | 'CMYK';
  /** a profile that lcms applies; its curves, if it has any, are sRGB's */
  readonly profile: Uint8Array;
  /** levels of sRGB for each sample of red, green and blue, applied before the profile */
  readonly levels?: readonly Uint8Array[];
  /** true if no camera or editor writes it */
  readonly odd: boolean;
}

/** The parts of an ICC profile that decide how a browser shows a picture. */
export interface IccProfile {
  /** if a profile has tables and curves, most engines use the tables, some the curves */
  readonly readings: readonly ColourReading[];
  /** primaries and transfer by their numbers in H.273, which Chromium prefers to everything else */
  readonly cicp?: readonly [primaries: number, transfer: number];
}

/**
 * Reads an ICC profile (ICC.1:2022) as leniently as the most lenient engine: its class, version and
 * colour space name are ignored. The reader applies curves itself, since lcms may take a few points
 * of a curve for the whole.
 */
export function iccProfile(bytes: Uint8Array): IccProfile {
  const view = viewOf(bytes);
  const tags = new Map<string, { entry: number; data: DataView }>();
  const count = isAt(bytes, 36, 'acsp') && bytes.length >= 132 ? view.getUint32(128) : 0;
  const end = Math.min(bytes.length, 132 + 12 * Math.min(MOST_TAGS, count));
  for (let entry = 132; entry + 12 <= end; entry += 12) {
    const name = String.fromCharCode(...bytes.subarray(entry, entry + 4));
    const [start, length] = [view.getUint32(entry + 4), view.getUint32(entry + 8)];
    // The first tag of a name counts.
    if (tags.has(name) || length < 12 || start + length > bytes.length) continue;
    tags.set(name, { entry, data: viewOf(bytes.subarray(start, start + length)) });
  }
  const readings: ColourReading[] = [];
  const tables = [...TABLES, ...FLOAT_TABLES].filter((name) => tags.has(name));
  const table = tags.get(TABLES.find((name) => tags.has(name)) ?? '');
  const kind = table && KINDS[table.data.getUint8(8)];
  if (table && kind) {
    const profile = put(new Uint8Array(bytes), 12, `mntr${kind}`);
    // Renames them to unused names, each different: lcms rejects duplicates.
    for (const name of tables) profile[tags.get(name)!.entry] = 0x78;
    put(profile, table.entry, 'A2B0');
    readings.push({ kind, profile, odd: tables.some((name) => FLOAT_TABLES.includes(name)) });
  }
  const [red, green, blue, grey] = ['rTRC', 'gTRC', 'bTRC', 'kTRC'].map((name) =>
    curveOf(tags.get(name)?.data),
  );
  const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => tags.get(name)?.data);
  if (isAt(bytes, 16, 'GRAY')) {
    if (grey) readings.push(readingOf('GRAY', SRGB_COLUMNS, [grey, grey, grey]));
  } else if (red && green && blue && columns.every((column) => column && column.byteLength >= 20)) {
    const numbers = columns.flatMap((column) => [8, 12, 16].map((at) => fixed(column!, at)));
    readings.push(readingOf('RGB ', numbers, [red, green, blue]));
  }
  const code = tags.get('cicp')?.data;
  return {
    readings,
    ...(code && { cicp: [code.getUint8(8), code.getUint8(9)] as const }),
  };
}

/** By samples per pixel. */
const KINDS: Readonly<Record<number, ColourReading['kind']>> = { 1: 'GRAY', 3: 'RGB ', 4: 'CMYK' };
/** Parameters of a `para` curve by its type. */
const PARAMETERS = [1, 3, 4, 5, 7];
const fixed = (view: DataView, at: number) => view.getInt32(at) / 65_536;

/** From samples of 0…1 to linear light; `table` if it is given by one. */
interface Curve {
  (sample: number): number;
  readonly table?: readonly number[];
}

function curveOf(tag: DataView | undefined): Curve | undefined {
  if (tag === undefined) return undefined;
  const name = tag.getUint32(0);
  const count = tag.getUint32(8);
  if (name === CURV && 12 + 2 * count <= tag.byteLength) {
    if (count === 0) return (x) => x;
    if (count === 1) return (x) => x ** (tag.getUint16(12) / 256);
    const table = Array.from({ length: count }, (_, i) => tag.getUint16(12 + 2 * i) / 65_535);
    const curve = (x: number) => {
      const below = Math.floor(x * (count - 1));
      const low = table[below]!;
      return low + (x * (count - 1) - below) * ((table[below + 1] ?? low) - low);
    };
    return Object.assign(curve, { table });
  }
  const kind = count >>> 16;
  const parameters = PARAMETERS[kind] ?? Number.POSITIVE_INFINITY;
  if (name !== PARA || 12 + 4 * parameters > tag.byteLength) return undefined;
  const numbers = Array.from({ length: parameters }, (_, i) => fixed(tag, 12 + 4 * i));
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
  if (kind <= 2) return (x) => (a * x + b >= 0 ? (a * x + b) ** g : 0) + c;
  return (x) => (x >= d ? (a * x + b) ** g + e : c * x + f);
}

/** `curv` and `para` in ASCII */
const CURV = 0x63757276;
const PARA = 0x70617261;

/** Writes ASCII. */
function put(bytes: Uint8Array, at: number, text: string): Uint8Array {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return bytes;
}

/** From XYZ to the cone responses in which the eye adapts to a white (Bradford), and back. */
const BRADFORD = [0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296];
const FROM_CONES = [
  ...[0.9869929, -0.1470543, 0.1599627],
  ...[0.4323053, 0.5183603, 0.0492912],
  ...[-0.0085287, 0.0400428, 0.9684867],
];
/** Cone responses to D50, the white of profiles. */
const D50_CONES = [0.9963, 1.0204, 0.8183];
/** XYZ under D50 of sRGB's red, green and blue. */
const SRGB_COLUMNS = [
  0.43607, 0.22249, 0.01392, 0.38515, 0.71687, 0.09708, 0.14307, 0.06061, 0.7141,
];

/**
 * The reading of an RGB space.
 * @param primaries x and y (CIE 1931) of white, red, green and blue
 * @param curve from samples of 0…1 to linear light, at most 1
 * @returns undefined if the primaries span no space
 */
export function rgbReading(primaries: readonly number[], curve: Curve): ColourReading | undefined {
  const [white, ...colours] = [0, 2, 4, 6].map((at) => {
    const [x, y] = [primaries[at]!, primaries[at + 1]!];
    return [x, y, 1 - x - y] as const;
  });
  // Cramer's rule: the share of each colour in white.
  const whole = determinant(colours) * white![1];
  const cones = applied(BRADFORD, white!);
  const columns = colours.flatMap((colour, i) => {
    const amount = determinant(colours.map((other, at) => (at === i ? white! : other))) / whole;
    const adapted = applied(BRADFORD, colour).map(
      (part, cone) => (part * amount * white![1] * D50_CONES[cone]!) / cones[cone]!,
    );
    return applied(FROM_CONES, adapted);
  });
  if (!columns.every((number) => Math.abs(number) < 2 ** 15)) return undefined;
  return readingOf('RGB ', columns, [curve, curve, curve]);
}

/** @param columns XYZ under D50 of red, green and blue */
function readingOf(
  kind: ColourReading['kind'],
  columns: readonly number[],
  curves: readonly Curve[],
): ColourReading {
  const tags = ['rXYZ', 'gXYZ', 'bXYZ', 'rTRC', 'gTRC', 'bTRC'];
  const start = 132 + 12 * tags.length;
  const curve = start + 20 * 3;
  const profile = new Uint8Array(curve + 12 + 4 * SRGB_CURVE.length);
  const view = viewOf(profile);
  view.setUint32(0, profile.length);
  put(profile, 8, '\x04\x20\0\0mntrRGB XYZ ');
  put(profile, 36, 'acsp');
  view.setUint32(128, tags.length);
  tags.forEach((name, i) => {
    put(profile, 132 + 12 * i, name);
    view.setUint32(136 + 12 * i, i < 3 ? start + 20 * i : curve);
    view.setUint32(140 + 12 * i, i < 3 ? 20 : profile.length - curve);
    put(profile, i < 3 ? start + 20 * i : curve, i < 3 ? 'XYZ ' : 'para\0\0\0\0\0\x03');
  });
  columns.forEach((number, i) => {
    view.setInt32(start + 20 * Math.floor(i / 3) + 8 + 4 * (i % 3), 65_536 * number);
  });
  SRGB_CURVE.forEach((number, i) => void view.setInt32(curve + 12 + 4 * i, 65_536 * number));
  // A table may scramble 16-bit samples and leave 8-bit ones in order.
  const odd = curves.some(({ table }) => table?.some((light, i) => light < table[i - 1]! - FALL));
  return { kind, profile, levels: curves.map(levelsOf), odd };
}

/** Type 3 of `para`. */
const SRGB_CURVE = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];
/** By this much a measured table may fall from one entry to the next. */
const FALL = 0.01;

const levelsOf = (curve: Curve) =>
  Uint8Array.from({ length: 256 }, (_, sample) => {
    const light = Math.min(1, Math.max(0, curve(sample / 255)));
    return Math.round(
      255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055),
    );
  });

const applied = (m: readonly number[], [x, y, z]: readonly number[]) =>
  [0, 3, 6].map((row) => m[row]! * x! + m[row + 1]! * y! + m[row + 2]! * z!);

const determinant = ([a, b, c]: readonly (readonly number[])[]) =>
  a![0]! * (b![1]! * c![2]! - b![2]! * c![1]!) +
  a![1]! * (b![2]! * c![0]! - b![0]! * c![2]!) +
  a![2]! * (b![0]! * c![1]! - b![1]! * c![0]!);
