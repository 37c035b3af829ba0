import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import type { ImageHeader } from '../../formats/image-format.js';
import type { Sides } from '../../picture/hash-picture.js';
import { type Channels, type CheckedPixels, checkedPixels } from '../../pixels.js';
import { type ColourReading, coloursOf } from './colours.js';
import { isOpaqueInTurns } from './pixel-turns.js';
import { importSharp } from './sharp.js';

/** The colours in which a browser may show a file. */
export interface ShownColours {
  readonly effects: readonly Effect[];
  /** true if no camera or editor writes such a file */
  readonly odd: boolean;
}

/** The effect of a profile on luma, measured on a set of samples. */
interface Effect {
  readonly reading: ColourReading;
  /** true if it reorders levels or loses a colour, or if lcms rejects it */
  readonly odd: boolean;
  /** luma of each grey as seen; empty if lcms fails */
  readonly greys: Float64Array;
  /** luma as seen minus luma as stored, on a lattice of colours; absent if that is of little use */
  readonly shifts: Float64Array | undefined;
}

/** Libpng reads no longer profile; browsers read none that exceeds their memory. */
const LONGEST_PROFILE = 8_000_000;
/**
 * Size of the cache, in profiles and in bytes each: the same cameras and programs keep recurring.
 */
const KEPT = 16;
const LARGEST_KEPT = 2 ** 20;
/** Difference in luma levels that no one sees. */
const NO_SHIFT = 3;
/** Pixels passed to lcms, which holds them more than once. */
const MOST_STORED = 6_000_000;
/** Steps of the lattice from black to full. */
const STEPS = 16;
/** From white to black, how a press prints grey: by black ink, by the other inks, by all. */
const INK_AXES = [
  [0, 0, 0, 1],
  [1, 1, 1, 0],
  [1, 1, 1, 1],
];
const LIGHT_AXES = [
  [1, 1, 1],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
/**
 * Luma levels by which one grey may fall below the one before it, and by which an axis has to rise.
 * In 200 profiles of RGB, greys and CMYK of Debian's packages greys fall by 2 at most, and no axis
 * rises by less than 24.
 */
const MOST_FALL = 6;
const LEAST_RISE = 4;
/** Levels by which greys between two lattice points may deviate from the straight line. */
const MOST_BEND = 6;
/** Side of a picture's sample, and side of the grid of its means. */
const SAMPLE = 128;
const MEANS = 16;
/**
 * A picture hardly changes if the correlation of luma as stored and as seen is at least this, and
 * its contrast grows by at most the factor below. Over 15 photos in each of 155 profiles the hash
 * moved by at most 8 bits at such a correlation. Photos in Display P3 and in Adobe RGB have 0.9995.
 */
const LEAST_CORRELATION = 0.999;
const MOST_GROWTH = 1.25;

let kept: Map<string, ShownColours> | undefined;

/** The profiles by which a file is shown, if any, and the effect of each. */
export async function shownColours(bytes: Uint8Array, header: ImageHeader): Promise<ShownColours> {
  kept ??= new Map();
  const { format, colours } = header;
  const hash = createHash('sha256').update(format);
  for (let i = 0; i < colours.length; i += 2) {
    hash
      .update(`${colours[i + 1]! - colours[i]!} `)
      .update(bytes.subarray(colours[i], colours[i + 1]));
  }
  const digest = hash.digest('hex');
  const known = kept.get(digest);
  if (known) return known;
  let tooLong = false;
  const { readings, odd } = coloursOf(bytes, header, (deflated) => {
    try {
      return inflateSync(deflated, { maxOutputLength: LONGEST_PROFILE });
    } catch (error) {
      tooLong ||= (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      return undefined;
    }
  });
  const effects: Effect[] = [];
  for (const reading of readings) {
    const none = { reading, odd: true, greys: new Float64Array(), shifts: undefined };
    effects.push(await measured(reading).catch(() => none));
  }
  const shown = {
    effects: effects.filter((effect) => effect.odd || !isSmall(effect)),
    odd: odd || tooLong || effects.some((effect) => effect.odd),
  };
  const size = shown.effects.reduce((sum, { reading }) => sum + reading.profile.length, 0);
  if (size <= LARGEST_KEPT) kept.set(digest, shown);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
  return shown;
}

/** True if luma is seen as stored, up to the differences between sRGB's own profiles. */
const isSmall = ({ reading, greys, shifts }: Effect) =>
  greys.every((luma, level) => Math.abs(luma - level) <= NO_SHIFT) &&
  (shifts?.every((shift) => Math.abs(shift) <= NO_SHIFT) ?? reading.kind === 'GRAY');

async function measured(reading: ColourReading): Promise<Effect> {
  const inks = reading.kind === 'CMYK';
  // Grey samples become three if there are curves.
  const axes = inks ? INK_AXES : reading.kind === 'GRAY' ? [[1]] : LIGHT_AXES;
  const channels = axes[0]!.length as Channels;
  const samples = axes.flatMap((axis) =>
    Array.from({ length: 256 }, (_, level) =>
      axis.map((share) => share * (inks ? 255 - level : level)),
    ),
  );
  const lattice = channels === 3 ? (STEPS + 1) ** 3 : 0;
  for (let i = 0; i < lattice; i++) {
    const place = [i % (STEPS + 1), Math.floor(i / (STEPS + 1)) % (STEPS + 1)];
    place.push(Math.floor(i / (STEPS + 1) ** 2));
    samples.push(place.map((step) => Math.round((255 * step) / STEPS)));
  }
  const height = samples.length;
  const stored = { data: Uint8Array.from(samples.flat()), width: 1, height, channels };
  const { pixels, refused } = await shownBy(reading, stored, stored);
  const [luma, before] = [lumaOf(pixels), lumaOf(stored)];
  const odd = axes.some((_, axis) => {
    const ramp = luma.subarray(256 * axis, 256 * (axis + 1));
    const fall = Math.max(...ramp.map((value, i) => (i > 0 ? ramp[i - 1]! - value : 0)));
    // A pure colour may be outside sRGB and be clipped: in sensor profiles blue falls by 29.
    const mayFall = axis > 0 && !inks;
    return (fall > MOST_FALL && !mayFall) || ramp[255]! - ramp[0]! < LEAST_RISE;
  });
  const greys = luma.subarray(0, 256);
  const bend = greys.map((value, level) => {
    const below = level - (level % STEPS);
    const [low, high] = [greys[below]!, greys[Math.min(255, below + STEPS)]!];
    return Math.abs(value - low - ((high - low) * (level - below)) / STEPS);
  });
  const shifts = luma.map((value, i) => value - before[i]!).subarray(256 * axes.length);
  const isPlain = channels === 3 && Math.max(...bend) <= MOST_BEND;
  return { reading, odd: odd || refused, greys, shifts: isPlain ? shifts : undefined };
}

/** Pixels of a look: more than PDQ reads, and enough to find parts of it. */
const MOST_PIXELS = 1_500_000;

/** The sides of a look, reduced from those of everything shown. */
export function reduced(full: Sides): Sides {
  const share = Math.sqrt((full.width * full.height) / MOST_PIXELS);
  if (share <= 1) return full;
  const [width, height] = [full.width, full.height].map((side) => Math.round(side / share));
  return { width: Math.max(1, width!), height: Math.max(1, height!) };
}

/** A picture as stored. */
export interface StoredPixels {
  readonly pixels: CheckedPixels;
  /** those of a CMYK picture; 255 is full ink */
  readonly inks?: CheckedPixels | undefined;
}

/**
 * A picture in the colours that its file gives it, in sRGB, perhaps reduced: one raster for each
 * way in which its luma changes.
 */
export async function shownRasters(
  { pixels, inks }: StoredPixels,
  { effects }: ShownColours,
  end: AbortSignal,
): Promise<CheckedPixels[]> {
  const rasters: CheckedPixels[] = [];
  for (const { reading, ...effect } of effects) {
    const stored = reading.kind === 'CMYK' ? inks : pixels;
    // Browsers reject a grey profile for colours.
    if (!stored || (reading.kind === 'GRAY' && stored.channels > 2)) continue;
    if (effect.greys.length === 0) continue;
    if (stored !== inks && !effect.odd && !changesLuma(stored, effect)) continue;
    end.throwIfAborted();
    rasters.push((await shownBy(reading, stored, reduced(stored))).pixels);
    // WebKitGTK multiplies colours by alpha before it applies a profile.
    if (stored === inks || (await isOpaqueInTurns(stored, end))) continue;
    const { pixels: seen } = await shownBy(reading, stored, reduced(stored), true);
    const restored = Uint8ClampedArray.from(seen.data, (sample, i) =>
      i % 4 === 3 ? sample : (255 * sample) / seen.data[i | 3]!,
    );
    rasters.push({ ...seen, data: new Uint8Array(restored.buffer) });
  }
  return rasters;
}

/** True if the luma of a picture is seen other than stored, judged by a sample. */
function changesLuma(
  { data, width, height, channels }: CheckedPixels,
  { greys, shifts }: Pick<Effect, 'greys' | 'shifts'>,
): boolean {
  if (channels > 2 && !shifts) return true;
  const [columns, rows] = [Math.min(SAMPLE, width), Math.min(SAMPLE, height)];
  const stored = new Float64Array(MEANS * MEANS);
  const seen = new Float64Array(MEANS * MEANS);
  const weights = new Float64Array(MEANS * MEANS);
  for (let y = 0; y < rows; y++) {
    const row = Math.floor((y * height) / rows) * width;
    const means = MEANS * Math.floor((y * MEANS) / rows);
    for (let x = 0; x < columns; x++) {
      const at = channels * (row + Math.floor((x * width) / columns));
      const mean = means + Math.floor((x * MEANS) / columns);
      const weight = channels % 2 === 0 ? data[at + channels - 1]! : 255;
      const red = data[at]!;
      let [luma, shown] = [red, greys[red]!];
      if (channels > 2) {
        const [green, blue] = [data[at + 1]!, data[at + 2]!];
        luma = 0.299 * red + 0.587 * green + 0.114 * blue;
        const place = stepOf(red) + (STEPS + 1) * (stepOf(green) + (STEPS + 1) * stepOf(blue));
        shown = luma + shifts![place]!;
      }
      weights[mean]! += weight;
      stored[mean]! += weight * luma;
      seen[mean]! += weight * shown;
    }
  }
  const used = weights.map((_, i) => i).filter((i) => weights[i]! > 0);
  const [before, after] = [stored, seen].map((sums) => {
    const means = Float64Array.from(used, (i) => sums[i]! / weights[i]!);
    const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
    return means.map((value) => value - mean);
  });
  const contrast = product(after!, after!);
  const contrastBefore = product(before!, before!);
  const correlation = product(before!, after!) / Math.sqrt(contrastBefore * contrast);
  return !(correlation >= LEAST_CORRELATION && contrast <= MOST_GROWTH ** 2 * contrastBefore);
}

const stepOf = (sample: number) => ((sample * STEPS + 127) / 255) | 0;
const product = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

const lumaOf = ({ data, channels }: CheckedPixels) =>
  new Float64Array(data.length / channels).map((_, i) => {
    const at = i * channels;
    return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  });

/** Converts pixels by a profile to sRGB, then scales them to `sides`. */
async function shownBy(
  reading: ColourReading,
  stored: CheckedPixels,
  sides: Sides,
  isMultiplied = false,
): Promise<{ pixels: CheckedPixels; refused: boolean }> {
  const sharp = await importSharp();
  let refused = false;
  const file = tiffOf(thinned(stored, reading, isMultiplied), reading);
  const { data, info } = await sharp(file, { limitInputPixels: false })
    .on('warning', () => {
      refused = true;
    })
    .resize({ width: sides.width, height: sides.height, fit: 'fill' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { pixels: checkedPixels({ data, width, height, channels }), refused };
}

/**
 * Some pixels of a picture, at equal steps, by the levels of a reading. Means would mix samples
 * before those levels reorder them. Greys become three samples, as a colour profile expects.
 */
function thinned(
  pixels: CheckedPixels,
  { kind, levels }: ColourReading,
  isMultiplied: boolean,
): CheckedPixels {
  const { data, channels } = pixels;
  const step = Math.ceil(Math.sqrt((pixels.width * pixels.height) / MOST_STORED));
  const more = channels < 3 && (levels || kind !== 'GRAY') ? 2 : 0;
  const [width, height] = [Math.ceil(pixels.width / step), Math.ceil(pixels.height / step)];
  const samples = (channels + more) as Channels;
  const out = new Uint8Array(width * height * samples);
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += samples) {
      const at = channels * step * (y * pixels.width + x);
      for (let i = 0; i < samples; i++) {
        let sample = data[at + Math.max(0, i - more)]!;
        if (isMultiplied && i < samples - 1)
          sample = Math.round((sample * data[at + channels - 1]!) / 255);
        out[o + i] = levels?.[i]?.[sample] ?? sample;
      }
    }
  }
  return { data: out, width, height, channels: samples };
}

/**
 * A TIFF (6.0) of pixels and a profile, since sharp takes a profile only from a file. So no picture
 * is decoded twice, and one that sharp cannot decode has its profile, too.
 */
function tiffOf(
  { data, width, height, channels }: CheckedPixels,
  { kind, profile }: ColourReading,
): Buffer {
  const inks = kind === 'CMYK';
  const head = Buffer.alloc(8 + 2 + 12 * 11 + 4 + 8);
  const bits = head.length - 8;
  const fields = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, channels, channels > 2 ? bits : 0x80008],
    [259, 3, 1, 1],
    [262, 3, 1, inks ? 5 : channels < 3 ? 1 : 2],
    [273, 4, 1, head.length + profile.length],
    [277, 3, 1, channels],
    [278, 4, 1, height],
    [279, 4, 1, data.length],
    // Alpha, straight, is the fourth sample of colours and the second of greys.
    [338, 3, inks || channels % 2 === 1 ? 0 : 1, 2],
    [34_675, 7, profile.length, head.length],
  ] as const;
  head.write('II*\0\x08\0\0\0\x0b\0', 'latin1');
  fields.forEach(([tag, type, count, value], i) => {
    head.writeUInt16LE(tag, 10 + 12 * i);
    head.writeUInt16LE(type, 12 + 12 * i);
    head.writeUInt32LE(count, 14 + 12 * i);
    head.writeUInt32LE(value, 18 + 12 * i);
  });
  for (let i = 0; i < 4; i++) head.writeUInt16LE(8, bits + 2 * i);
  return Buffer.concat([head, profile, data]);
}
