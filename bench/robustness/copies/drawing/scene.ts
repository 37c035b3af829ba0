import type { Edited, Make, Materials, Truth } from '../../edit.js';
import {
  blank,
  type Colour,
  covering,
  jpeg,
  paste,
  pipeline,
  type Raster,
  rasterOf,
  reread,
  resized,
} from '../../raster.js';
import { between, pick, type Random } from './chance.js';
import { type Area, box, rect } from './drawing.js';

/** A picture at its place in a scene. */
export interface Placed {
  readonly picture: Raster;
  readonly area: Area;
  /** radius of its corners */
  readonly radius?: number;
}

/** A picture that fills an area, cropped about its centre. */
export async function filling(picture: Raster, area: Area, radius = 0, unit = 1): Promise<Placed> {
  const { width, height } = inPixels(area, unit);
  return { picture: await covering(picture, Math.round(width), Math.round(height)), area, radius };
}

/** What a scene is made of, from the back to the front. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** pixels for each point of lengths; 1 by default */
  readonly unit?: number;
  /** colour of the ground; drawn first */
  readonly paper?: string;
  /** drawn around the pictures, never on them */
  readonly around?: string;
  readonly pictures: readonly Placed[];
  /** drawn on everything */
  readonly over?: string;
}

/** An area in pixels, of one in points. What was whole is whole again: the points were not. */
export function inPixels({ left, top, width, height }: Area, unit = 1): Area {
  const pixels = (points: number) => (unit === 1 ? points : Math.round(points * unit * 1e6) / 1e6);
  return rect(pixels(left), pixels(top), pixels(width), pixels(height));
}

/** The area with whole numbers. */
export function snapped({ left, top, width, height }: Area): Area {
  return rect(
    Math.round(left),
    Math.round(top),
    Math.max(8, Math.round(width)),
    Math.max(8, Math.round(height)),
  );
}

/**
 * The largest area of a photo's shape in `room`.
 * @param across where in the room: 0 at its left, 1 at its right
 * @param down the same from above
 */
export function fitted(
  { width, height }: Raster,
  room: Area,
  { across = 0.5, down = 0.5 } = {},
): Area {
  const scale = Math.min(room.width / width, room.height / height);
  return snapped(
    rect(
      room.left + across * (room.width - scale * width),
      room.top + down * (room.height - scale * height),
      scale * width,
      scale * height,
    ),
  );
}

const hole = ({ left, top, width, height }: Area, r: number): string =>
  r <= 0
    ? `M${left} ${top}h${width}v${height}h${-width}Z`
    : `M${left + r} ${top}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - width}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - height}a${r} ${r} 0 0 1 ${r} ${-r}Z`;

/**
 * Draws a scene. The SVG is rendered once, with holes through which the pictures show: that costs
 * half of two layers, and the corners come out smooth.
 */
export async function drawScene(scene: Scene): Promise<Raster> {
  const { unit = 1, paper, around = '', pictures, over = '' } = scene;
  const screen = rect(0, 0, scene.width, scene.height);
  const { width, height } = unit === 1 ? screen : snapped(inPixels(screen, unit));
  const canvas = blank(width, height, [255, 255, 255]);
  let holes = `M0 0H${width}V${height}H0Z`;
  for (const { picture, area, radius = 0 } of pictures) {
    const place = snapped(inPixels(area, unit));
    const fits = picture.width === place.width && picture.height === place.height;
    const part = fits ? picture : await resized(picture, place.width, place.height);
    paste(canvas, part, place.left, place.top);
    holes += hole(place, Math.round(radius * unit));
  }
  const ground = paper === undefined ? '' : box(rect(0, 0, width, height), paper);
  return drawnOn(
    canvas,
    `<clipPath id="around"><path d="${holes}" clip-rule="evenodd"/></clipPath><g clip-path="url(#around)">${ground}${around}</g>${over}`,
  );
}

/** The picture with SVG drawn on it. */
export const drawnOn = (picture: Raster, svg: string): Promise<Raster> =>
  rasterOf(
    pipeline(picture).composite([
      {
        input: Buffer.from(
          `<svg xmlns="http://www.w3.org/2000/svg" width="${picture.width}" height="${picture.height}">${svg}</svg>`,
        ),
      },
    ]),
  );

/** The place of the photo in a scene. */
export const truthOf = (area: Area): Truth => ({ rectangle: snapped(area) });

/** A truth in a picture that was resized by these factors. */
export function scaledTruth(truth: Truth, x: number, y = x): Truth {
  const { left, top, width, height } = truth.rectangle;
  const { corners } = truth;
  return {
    ...truth,
    rectangle: rect(x * left, y * top, x * width, y * height),
    ...(corners && {
      corners: corners.map(([cx, cy]) => [x * cx, y * cy] as const) as unknown as Truth['corners'],
    }),
  } as Truth;
}

/**
 * Saves a picture as apps do: a screenshot as PNG or JPEG, a shared picture as JPEG or WebP.
 */
export async function saved(picture: Raster, random: Random): Promise<Raster> {
  const kind = random(10);
  if (kind < 2) return picture;
  if (kind < 9) return jpeg(picture, Math.round(between(random, 60, 92)));
  return reread(
    pipeline(picture).webp({ quality: Math.round(between(random, 60, 85)), effort: 0 }),
  );
}

/** Makes a copy, and saves it. */
export const saving =
  (make: (photo: Raster, materials: Materials) => Edited | Promise<Edited>): Make =>
  async (photo, materials) => {
    const edited = await make(photo, materials);
    return { ...edited, pixels: await saved(edited.pixels, materials.random) };
  };

/** A saved picture that an app made smaller on the way, in a third of the cases. */
export async function sent(edited: Edited, random: Random): Promise<Edited> {
  const { pixels, truth } = edited;
  const long = Math.max(pixels.width, pixels.height);
  const most = pick(random, [long, long, 1280]);
  if (most >= long) return { ...edited, pixels: await saved(pixels, random) };
  const width = Math.round((pixels.width * most) / long);
  const height = Math.round((pixels.height * most) / long);
  const small = await jpeg(
    await resized(pixels, width, height),
    Math.round(between(random, 60, 85)),
  );
  return {
    pixels: small,
    ...(truth && { truth: scaledTruth(truth, width / pixels.width, height / pixels.height) }),
  };
}

/** The place of the photo if it is the first picture of a scene. */
const truthIn = ({ pictures, unit }: Scene, area = pictures[0]!.area) =>
  truthOf(inPixels(area, unit));

/** A scene whose first picture is the photo, as an app sends a screenshot of it. */
export const screenshot = async (random: Random, scene: Scene): Promise<Edited> =>
  sent({ pixels: await drawScene(scene), truth: truthIn(scene) }, random);

/** The same, as an app saves it. */
export const savedScene = async (random: Random, scene: Scene, area?: Area): Promise<Edited> => ({
  pixels: await saved(await drawScene(scene), random),
  truth: truthIn(scene, area),
});

/** A colour in hexadecimal, as SVG wants it. */
export const hex = ([red, green, blue]: Colour): string =>
  `#${[red, green, blue].map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;

/** The mean colour of a picture, from every 101st pixel. */
export function meanColour({ data }: Raster): Colour {
  const sums = [0, 0, 0];
  let count = 0;
  for (let i = 0; i + 2 < data.length; i += 303, count++) {
    for (let c = 0; c < 3; c++) sums[c]! += data[i + c]!;
  }
  return sums.map((sum) => sum / count) as unknown as Colour;
}
