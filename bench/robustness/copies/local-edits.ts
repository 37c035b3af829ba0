import { copies, type Make, type Materials, whole } from '../edit.js';
import {
  blurred,
  copyOf,
  covering,
  cropped,
  pipeline,
  type Raster,
  rasterOf,
  resized,
} from '../raster.js';
import { between, maybe, type Random } from './drawing/chance.js';
import { type Area, rect } from './drawing/drawing.js';
import { saving, snapped } from './drawing/scene.js';
import { pointed } from './mark-edits.js';

/** A rectangle somewhere in the photo; its sides are parts of the shorter side. */
function part({ width, height }: Raster, low: number, high: number, random: Random): Area {
  const short = Math.min(width, height);
  const wide = between(random, low, high) * short;
  const tall = between(random, low, high) * short;
  const left = between(random, 0.06, 0.94) * (width - wide);
  const top = between(random, 0.06, 0.94) * (height - tall);
  return snapped(rect(left, top, wide, tall));
}

const cut = (photo: Raster, { left, top, width, height }: Area) =>
  cropped(photo, left, top, width, height);

/** How much a patch counts at a place in it, from 0 to 1 across and down: 1 inside, 0 outside. */
type Mask = (across: number, down: number) => number;

const ellipse: Mask = (x, y) =>
  Math.max(0, Math.min(1, 8 * (1 - Math.hypot(2 * x - 1, 2 * y - 1))));
const square: Mask = () => 1;
/** A square with a soft edge. */
const soft: Mask = (x, y) => Math.max(0, Math.min(1, 8 * Math.min(x, 1 - x, y, 1 - y)));

/** Lays a patch on the canvas in place, as far as the mask lets it. */
function lay(canvas: Raster, patch: Raster, left: number, top: number, mask: Mask): void {
  for (let y = 0; y < patch.height; y++) {
    for (let x = 0; x < patch.width; x++) {
      const weight = mask((x + 0.5) / patch.width, (y + 0.5) / patch.height);
      if (weight === 0) continue;
      const to = 3 * ((top + y) * canvas.width + left + x);
      const from = 3 * (y * patch.width + x);
      for (let c = 0; c < 3; c++) {
        canvas.data[to + c] =
          canvas.data[to + c]! * (1 - weight) + patch.data[from + c]! * weight + 0.5;
      }
    }
  }
}

/** Changes a copy of the photo in place. */
const changed = (change: (canvas: Raster, materials: Materials) => Promise<void>): Make =>
  saving(async (photo, materials) => {
    const pixels = copyOf(photo);
    await change(pixels, materials);
    return { pixels, truth: whole(pixels) };
  });

const nearest = (raster: Raster, width: number, height: number): Promise<Raster> =>
  rasterOf(pipeline(raster).resize(width, height, { fit: 'fill', kernel: 'nearest' }));

const blurFace = changed(async (canvas, { random }) => {
  for (let i = 1 + random(2); i > 0; i--) {
    const area = part(canvas, 0.16, 0.32, random);
    const patch = await blurred(cut(canvas, area), area.width / 7);
    lay(canvas, patch, area.left, area.top, maybe(random, 50) ? ellipse : square);
  }
});

const pixelated = changed(async (canvas, { random }) => {
  for (let i = 1 + random(2); i > 0; i--) {
    const area = part(canvas, 0.24, 0.45, random);
    const cells = 3 + random(4);
    const small = await resized(cut(canvas, area), cells, cells);
    lay(canvas, await nearest(small, area.width, area.height), area.left, area.top, square);
  }
});

/** Something taken out: its place is filled with what lies beside it. */
const removed = changed(async (canvas, { random }) => {
  const area = part(canvas, 0.2, 0.38, random);
  const right = area.left + 2 * area.width < canvas.width;
  const left = right ? area.left + area.width : Math.max(0, area.left - area.width);
  lay(canvas, cut(canvas, { ...area, left }), area.left, area.top, soft);
});

const pasted = changed(async (canvas, { random, filler }) => {
  const area = part(canvas, 0.2, 0.38, random);
  const patch = await covering(await filler(), area.width, area.height);
  lay(canvas, patch, area.left, area.top, ellipse);
});

/** The upper part replaced, as with another sky, down to an uneven line. */
const backdrop = changed(async (canvas, { random, filler }) => {
  const high = Math.round(between(random, 0.15, 0.34) * canvas.height);
  const patch = await covering(await filler(), canvas.width, high);
  const [a, b] = [between(random, 4, 9), between(random, 0, 6)];
  const line = (x: number) => 0.82 + 0.12 * Math.sin(a * x + b) + 0.05 * Math.sin(3.1 * a * x);
  lay(canvas, patch, 0, 0, (x, y) => Math.max(0, Math.min(1, 14 * (line(x) - y))));
});

/** Changes to a part of the photo. */
export const LOCAL = copies('local change', {
  'face blurred': blurFace,
  'part pixelated': pixelated,
  'object removed': removed,
  'arrows and a ring': pointed,
  'object pasted': pasted,
  'backdrop replaced': backdrop,
});
