import type { Colour, Raster } from '../../../../bench/robustness/raster.js';

/** Fills a rectangle of `canvas` in place, with `opacity` 0…1. */
export function fill(
  canvas: Raster,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
  opacity = 1,
): void {
  for (let y = Math.max(0, top); y < Math.min(canvas.height, top + height); y++) {
    for (let x = Math.max(0, left); x < Math.min(canvas.width, left + width); x++) {
      const at = 3 * (y * canvas.width + x);
      for (let c = 0; c < 3; c++) {
        canvas.data[at + c] = canvas.data[at + c]! * (1 - opacity) + colour[c]! * opacity;
      }
    }
  }
}
