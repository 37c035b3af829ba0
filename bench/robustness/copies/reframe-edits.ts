import { MOST_KEPT } from '../../../src/variants/list-crops.js';
import { at, copies, type Edited, type Make, type Truth, whole } from '../edit.js';
import {
  BLACK,
  blank,
  cropped,
  paste,
  pipeline,
  type Raster,
  rasterOf,
  resized,
  turnedOn,
  WHITE,
} from '../raster.js';
import { between, maybe, phrase, pick, type Random, vivid } from './drawing/chance.js';
import { box, fade, paragraph, rect, text } from './drawing/drawing.js';
import { emoji } from './drawing/emoji.js';
import { drawnOn, drawScene, saving, snapped } from './drawing/scene.js';

/** A part of the photo, with the place of the whole. */
type Part = Required<Pick<Edited, 'pixels' | 'truth'>>;

type Sides = readonly [left: number, top: number, right: number, bottom: number];

/** Cuts these parts of the width or height off the left, top, right and bottom. */
export function trimmed(photo: Raster, [left, top, right, bottom]: Sides): Part {
  const x = Math.round(left * photo.width);
  const y = Math.round(top * photo.height);
  const width = photo.width - x - Math.round(right * photo.width);
  const height = photo.height - y - Math.round(bottom * photo.height);
  return {
    pixels: cropped(photo, x, y, width, height),
    truth: at(-x, -y, photo.width, photo.height),
  };
}

const trimming = (sides: (random: Random) => Sides): Make =>
  saving((photo, { random }) => trimmed(photo, sides(random)));

/** What is taken off the width and the height in all, as a part. */
const amount = (random: Random): number => between(random, 0.02, 0.2);

export const CROPS = copies('crop of 2-20 %', {
  'about the centre': trimming((random) => {
    const part = amount(random) / 2;
    return [part, part, part, part];
  }),
  'one side': trimming((random) => {
    const sides: [number, number, number, number] = [0, 0, 0, 0];
    sides[random(4)] = amount(random);
    return sides;
  }),
  'towards a corner': trimming((random) => {
    const corner = random(4);
    const part = amount(random);
    const [x, y] = [corner & 1 ? part : 0, corner & 2 ? part : 0];
    return [x, y, part - x, part - y];
  }),
  'each side by another amount': trimming((random) => {
    const part = () => between(random, 0.005, 0.1);
    return [part(), part(), part(), part()];
  }),
});

/**
 * The largest part of this shape.
 * @param where 0 at the left or top, 1 at the right or bottom
 */
export function shaped(photo: Raster, proportion: number, where: number): Part {
  const { width, height } = photo;
  const wide = Math.min(width, Math.round(height * proportion));
  const high = Math.min(height, Math.round(width / proportion));
  const left = Math.round(where * (width - wide));
  const top = Math.round(where * (height - high));
  return { pixels: cropped(photo, left, top, wide, high), truth: at(-left, -top, width, height) };
}

/** True of photos that a crop to this shape cuts: what keeps more, the photo's own hash finds. */
const isCutTo =
  (proportion: number) =>
  ({ width, height }: Raster): boolean => {
    const other = proportion * height;
    return 100 * Math.min(width, other) <= MOST_KEPT * Math.max(width, other);
  };

/** The crops of apps, to shapes; upright photos to 4:5 and others too. */
const SHAPES = {
  '1:1': { proportion: 1, anywhere: false },
  '4:5': { proportion: 4 / 5, anywhere: false },
  '16:9': { proportion: 16 / 9, anywhere: false },
  '1:1, moved': { proportion: 1, anywhere: true },
  '4:5, moved': { proportion: 4 / 5, anywhere: true },
};

export const SOCIAL = Object.entries(SHAPES).flatMap(([name, { proportion, anywhere }]) => {
  const social: Make = saving((photo, { random }) =>
    shaped(photo, proportion, anywhere ? between(random, 0.1, 0.9) : 0.5),
  );
  return copies('social crop', { [name]: social }, isCutTo(proportion));
});

/** A photo that fills a phone's story, with words or signs on it. */
const tall = (
  anywhere: boolean,
  draw: (width: number, height: number, random: Random) => string,
): Make =>
  saving(async (photo, { random }) => {
    const part = shaped(photo, 9 / 16, anywhere ? between(random, 0.1, 0.9) : 0.5);
    const height = pick(random, [1080, 1280]);
    const width = Math.round((height * 9) / 16);
    const scale = height / part.pixels.height;
    const small = await resized(part.pixels, width, height);
    const { left, top } = part.truth.rectangle;
    return {
      pixels: await drawnOn(small, draw(width, height, random)),
      truth: at(scale * left, scale * top, scale * photo.width, scale * photo.height),
    };
  });

const TALL_MAKES: Readonly<Record<string, Make>> = {
  centre: tall(false, () => ''),
  moved: tall(true, () => ''),
  'with words': tall(true, (width, height, random) => {
    const words = phrase(random, 3, 7);
    const column = rect(0.1 * width, between(random, 0.12, 0.75) * height, 0.8 * width);
    const style = { face: 'bold', align: 'centre', outline: '#222' } as const;
    return paragraph(words, column, 0.08 * width, '#fff', style).svg;
  }),
  'with a sign and a shade': tall(false, (width, height, random) => {
    const shade = fade(rect(0, 0.8 * height, width, 0.2 * height), ['#000', 0], ['#000', 0.5]);
    const x = between(random, 0.2, 0.8) * width;
    const y = between(random, 0.2, 0.8) * height;
    return shade + emoji(x, y, 0.1 * width, random);
  }),
};

export const TALL = copies('crop to 9:16', TALL_MAKES, isCutTo(9 / 16));

/** Turns the photo and keeps the largest upright part of its shape, as a phone does. */
export function straight(photo: Raster, degrees: number): Part {
  const { width, height } = photo;
  const radians = (Math.abs(degrees) * Math.PI) / 180;
  const longer = Math.max(width / height, height / width);
  const scale = 1 / (Math.cos(radians) + longer * Math.sin(radians));
  const wide = Math.floor(width * scale);
  const high = Math.floor(height * scale);
  return {
    pixels: turnedOn(photo, degrees, wide, high, BLACK),
    truth: at((wide - width) / 2, (high - height) / 2, width, height, { angle: degrees }),
  };
}

const straightening = (low: number, high: number): Make =>
  saving((photo, { random }) =>
    straight(photo, between(random, low, high) * (maybe(random, 50) ? 1 : -1)),
  );

export const STRAIGHTENED = copies('straightened', {
  '1-1.5 degrees': straightening(1, 1.5),
  '1.5-3 degrees': straightening(1.5, 3),
  '3-5 degrees': straightening(3, 5),
  '5-8 degrees': straightening(5, 8),
});

export const mirror = (photo: Raster): Promise<Raster> => rasterOf(pipeline(photo).flop());

/** The truth of a part that was mirrored with its picture. */
function mirroredTruth({ rectangle, angle }: Truth, width: number): Truth {
  const left = width - rectangle.left - rectangle.width;
  return {
    rectangle: { ...rectangle, left },
    dihedral: 'flipY',
    ...(angle !== undefined && { angle: -angle }),
  };
}

/** Mirrors the photo after another edit; what the app writes afterwards is not mirrored. */
const mirrored = (before: (photo: Raster, random: Random) => Part): Make =>
  saving(async (photo, { random }) => {
    const { pixels, truth } = before(photo, random);
    return { pixels: await mirror(pixels), truth: mirroredTruth(truth, pixels.width) };
  });

const unchanged = (photo: Raster): Part => ({ pixels: photo, truth: whole(photo) });

const mirroredAndCaptioned = saving(async (photo, { random }) => {
  const flipped = await mirror(photo);
  const { width, height } = photo;
  const size = between(random, 0.045, 0.07) * width;
  const column = rect(0.04 * width, 0.6 * size, 0.92 * width);
  const words = paragraph(phrase(random, 4, 12), column, size, '#111', 'bold');
  const top = Math.round(words.bottom + 0.6 * size);
  const pixels = await drawScene({
    width,
    height: top + height,
    around: box(rect(0, 0, width, top), '#fff') + words.svg,
    pictures: [{ picture: flipped, area: rect(0, top, width, height) }],
  });
  return { pixels, truth: at(0, top, width, height, { dihedral: 'flipY' }) };
});

/** A picture in a plain black or white frame. */
function framed(picture: Raster, random: Random): Part {
  const { width, height } = picture;
  const border = Math.round(between(random, 0.02, 0.09) * Math.min(width, height));
  const ground = pick(random, [BLACK, WHITE]);
  const pixels = blank(width + 2 * border, height + 2 * border, ground);
  paste(pixels, picture, border, border);
  return { pixels, truth: at(border, border, width, height) };
}

const mirroredInFrame = saving(async (photo, { random }) => {
  const { pixels, truth } = framed(await mirror(photo), random);
  return { pixels, truth: { ...truth, dihedral: 'flipY' } };
});

const mirroredWithWords = saving(async (photo, { random }) => {
  const { width, height } = photo;
  const size = between(random, 0.06, 0.09) * width;
  const area = snapped(rect(0, between(random, 0.62, 0.84) * height, width, 1.7 * size));
  const pixels = await drawnOn(
    await mirror(photo),
    box(area, vivid(random), { opacity: 0.85 }) +
      text(phrase(random, 2, 4), width / 2, area.top + 1.2 * size, size, '#fff', 'heading'),
  );
  return { pixels, truth: at(0, 0, width, height, { dihedral: 'flipY' }) };
});

export const MIRRORED = copies('mirrored', {
  alone: mirrored(unchanged),
  cropped: mirrored((photo, random) => {
    const part = between(random, 0.01, 0.08);
    return trimmed(photo, [part, part, part, part]);
  }),
  straightened: mirrored((photo, random) => straight(photo, between(random, 1, 4))),
  'with a caption': mirroredAndCaptioned,
  'in a frame': mirroredInFrame,
  'with words on it': mirroredWithWords,
});

/**
 * The form that shows the photo again, of a copy that was turned clockwise by these degrees, and of
 * one that was mirrored before: the names of quarter turns count counter-clockwise.
 */
const FORMS = {
  90: ['rotate90', 'flipMinus1'],
  180: ['rotate180', 'flipX'],
  270: ['rotate270', 'flipPlus1'],
} as const;

/** Turns the photo clockwise by one of these angles, mirrored or not, before another edit. */
const turned = (
  angles: readonly (keyof typeof FORMS)[],
  then: (picture: Raster, random: Random) => Part,
  isMirrored = false,
): Make =>
  saving(async (photo, { random }) => {
    const degrees = pick(random, angles);
    const picture = isMirrored ? await mirror(photo) : photo;
    const { pixels, truth } = then(await rasterOf(pipeline(picture).rotate(degrees)), random);
    return { pixels, truth: { ...truth, dihedral: FORMS[degrees][isMirrored ? 1 : 0] } };
  });

const croppedALittle = (picture: Raster, random: Random): Part => {
  const part = () => between(random, 0.01, 0.04);
  return trimmed(picture, [part(), part(), part(), part()]);
};

export const TURNED = copies('turned', {
  'a quarter to the left': turned([270], unchanged),
  'a quarter to the right': turned([90], unchanged),
  'upside down': turned([180], unchanged),
  'mirrored and turned': turned([90, 180, 270], unchanged, true),
  'upside down in a frame': turned([180], framed),
  'a quarter, cropped a little': turned([90, 270], croppedALittle),
});
