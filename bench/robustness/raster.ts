import sharp, { type Sharp } from 'sharp';
import type { Pixels } from '../../src/pixels.js';

/** An opaque RGB picture. */
export interface Raster extends Pixels {
  readonly data: Uint8Array;
  readonly channels: 3;
}

export type Colour = readonly [number, number, number];

export const BLACK: Colour = [0, 0, 0];
export const WHITE: Colour = [255, 255, 255];

/** A picture of one colour. */
export function blank(width: number, height: number, [red, green, blue]: Colour): Raster {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i += 3) {
    data[i] = red;
    data[i + 1] = green;
    data[i + 2] = blue;
  }
  return { data, width, height, channels: 3 };
}

export const copyOf = (raster: Raster): Raster => ({ ...raster, data: raster.data.slice() });

/** Pastes `part` onto `canvas` in place; what lies outside is cut off. */
export function paste(canvas: Raster, part: Raster, left: number, top: number): void {
  const from = Math.max(0, -left);
  const to = Math.min(part.width, canvas.width - left);
  if (to <= from) return;
  for (let y = Math.max(0, -top); y < part.height && y + top < canvas.height; y++) {
    const start = 3 * (y * part.width + from);
    canvas.data.set(
      part.data.subarray(start, start + 3 * (to - from)),
      3 * ((y + top) * canvas.width + left + from),
    );
  }
}

/** A part of a picture. It must lie inside the picture. */
export function cropped(
  { data, width, channels }: Raster,
  left: number,
  top: number,
  cropWidth: number,
  cropHeight: number,
): Raster {
  const out = new Uint8Array(3 * cropWidth * cropHeight);
  for (let y = 0; y < cropHeight; y++) {
    const start = 3 * ((top + y) * width + left);
    out.set(data.subarray(start, start + 3 * cropWidth), 3 * y * cropWidth);
  }
  return { data: out, width: cropWidth, height: cropHeight, channels };
}

/**
 * The picture turned clockwise about its centre on a new canvas, bilinear.
 * @param outside colour of the canvas beyond the picture
 */
export function turnedOn(
  { data, width, height }: Raster,
  degrees: number,
  canvasWidth: number,
  canvasHeight: number,
  outside: Colour,
): Raster {
  const out = blank(canvasWidth, canvasHeight, outside);
  const cosine = Math.cos((degrees * Math.PI) / 180);
  const sine = Math.sin((degrees * Math.PI) / 180);
  for (let y = 0; y < canvasHeight; y++) {
    for (let x = 0; x < canvasWidth; x++) {
      const dx = x + 0.5 - canvasWidth / 2;
      const dy = y + 0.5 - canvasHeight / 2;
      const fromX = dx * cosine + dy * sine + width / 2 - 0.5;
      const fromY = dy * cosine - dx * sine + height / 2 - 0.5;
      if (fromX < -0.5 || fromY < -0.5 || fromX > width - 0.5 || fromY > height - 0.5) continue;
      const x0 = Math.max(0, Math.min(Math.floor(fromX), width - 2));
      const y0 = Math.max(0, Math.min(Math.floor(fromY), height - 2));
      const u = Math.max(0, Math.min(fromX - x0, 1));
      const v = Math.max(0, Math.min(fromY - y0, 1));
      const at = 3 * (y0 * width + x0);
      for (let c = 0; c < 3; c++) {
        const upper = data[at + c]! * (1 - u) + data[at + 3 + c]! * u;
        const lower = data[at + 3 * width + c]! * (1 - u) + data[at + 3 * width + 3 + c]! * u;
        out.data[3 * (y * canvasWidth + x) + c] = upper * (1 - v) + lower * v + 0.5;
      }
    }
  }
  return out;
}

/** Maps each sample, rounded and clamped, by one curve, or by one for each channel. */
export function mapped(raster: Raster, ...curves: ((sample: number) => number)[]): Raster {
  const tables = curves.map((curve) =>
    Uint8ClampedArray.from({ length: 256 }, (_, sample) => curve(sample)),
  );
  const data = raster.data.map((sample, at) => tables[at % tables.length]![sample]!);
  return { ...raster, data };
}

/** A sharp pipeline on a picture. */
export const pipeline = ({ data, width, height }: Raster) =>
  sharp(data, { raw: { width, height, channels: 3 } });

/** The output of a sharp pipeline as an opaque RGB picture. */
export async function rasterOf(image: Sharp): Promise<Raster> {
  const { data, info } = await image
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels === 3) {
    return { data: new Uint8Array(data), width: info.width, height: info.height, channels: 3 };
  }
  const out = new Uint8Array(3 * info.width * info.height);
  for (let i = 0; i < out.length; i++) out[i] = data[Math.floor(i / 3) * info.channels]!;
  return { data: out, width: info.width, height: info.height, channels: 3 };
}

/** Encodes a picture to a file and decodes it again. */
export const reread = async (image: Sharp): Promise<Raster> =>
  rasterOf(sharp(await image.toBuffer(), { ignoreIcc: true }));

export const jpeg = (raster: Raster, quality: number): Promise<Raster> =>
  reread(pipeline(raster).jpeg({ quality }));

/** Resized to exactly these sides. */
export const resized = (raster: Raster, width: number, height: number): Promise<Raster> =>
  rasterOf(pipeline(raster).resize(width, height, { fit: 'fill' }));

/** Resized, and cropped about the centre, to fill these sides. */
export const covering = (raster: Raster, width: number, height: number): Promise<Raster> =>
  rasterOf(pipeline(raster).resize(width, height, { fit: 'cover' }));

export const blurred = (raster: Raster, sigma: number): Promise<Raster> =>
  rasterOf(pipeline(raster).blur(sigma));
