import type { Point, Quad } from '../../edit.js';
import type { Raster } from '../../raster.js';

/** A projective map of the plane, row by row. */
type Projection = readonly [number, number, number, number, number, number, number, number];

/** The map of the unit square to a quadrilateral (Heckbert 1989). */
function fromSquare([p0, p1, p2, p3]: Quad): Projection {
  const sx = p0[0] - p1[0] + p2[0] - p3[0];
  const sy = p0[1] - p1[1] + p2[1] - p3[1];
  const dx1 = p1[0] - p2[0];
  const dy1 = p1[1] - p2[1];
  const dx2 = p3[0] - p2[0];
  const dy2 = p3[1] - p2[1];
  const den = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / den;
  const h = (dx1 * sy - sx * dy1) / den;
  return [
    p1[0] - p0[0] + g * p1[0],
    p3[0] - p0[0] + h * p3[0],
    p0[0],
    p1[1] - p0[1] + g * p1[1],
    p3[1] - p0[1] + h * p3[1],
    p0[1],
    g,
    h,
  ];
}

const mapped = ([a, b, c, d, e, f, g, h]: Projection, x: number, y: number): Point => {
  const w = g * x + h * y + 1;
  return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
};

/** Where the corners of an area of a picture go when the picture's corners go to `quad`. */
export function cornersIn(
  quad: Quad,
  picture: { readonly width: number; readonly height: number },
  area: { left: number; top: number; width: number; height: number },
): Quad {
  const map = fromSquare(quad);
  const to = (x: number, y: number) => mapped(map, x / picture.width, y / picture.height);
  const right = area.left + area.width;
  const bottom = area.top + area.height;
  return [to(area.left, area.top), to(right, area.top), to(right, bottom), to(area.left, bottom)];
}

/**
 * Draws `picture` on `canvas` in place with its corners at `quad`, bilinear and with smooth edges.
 * A picture much larger than the quadrilateral should be reduced first.
 * @param opacity 0…1
 */
export function warpOnto(canvas: Raster, picture: Raster, quad: Quad, opacity = 1): void {
  const [a, b, c, d, e, f, g, h] = fromSquare(quad);
  // The adjugate maps back, up to a factor that the division takes out.
  const [i00, i01, i02] = [e - f * h, c * h - b, b * f - c * e];
  const [i10, i11, i12] = [f * g - d, a - c * g, c * d - a * f];
  const [i20, i21, i22] = [d * h - e * g, b * g - a * h, a * e - b * d];
  const { width, height, data } = picture;
  const xs = quad.map(([x]) => x);
  const ys = quad.map(([, y]) => y);
  const firstX = Math.max(0, Math.floor(Math.min(...xs)) - 1);
  const lastX = Math.min(canvas.width - 1, Math.ceil(Math.max(...xs)) + 1);
  const firstY = Math.max(0, Math.floor(Math.min(...ys)) - 1);
  const lastY = Math.min(canvas.height - 1, Math.ceil(Math.max(...ys)) + 1);
  // Canvas pixels for each pixel of the picture, about: how steeply the edge fades.
  const scaleX = Math.hypot(quad[1][0] - quad[0][0], quad[1][1] - quad[0][1]) / width;
  const scaleY = Math.hypot(quad[3][0] - quad[0][0], quad[3][1] - quad[0][1]) / height;
  for (let y = firstY; y <= lastY; y++) {
    for (let x = firstX; x <= lastX; x++) {
      const px = x + 0.5;
      const py = y + 0.5;
      const w = i20 * px + i21 * py + i22;
      const u = ((i00 * px + i01 * py + i02) / w) * width;
      const v = ((i10 * px + i11 * py + i12) / w) * height;
      const inside = Math.min(u * scaleX, (width - u) * scaleX, v * scaleY, (height - v) * scaleY);
      if (inside <= -0.5) continue;
      const cover = opacity * Math.min(1, inside + 0.5);
      const fx = Math.max(0, Math.min(u - 0.5, width - 1.001));
      const fy = Math.max(0, Math.min(v - 0.5, height - 1.001));
      const x0 = Math.floor(fx);
      const y0 = Math.floor(fy);
      const s = fx - x0;
      const t = fy - y0;
      const from = 3 * (y0 * width + x0);
      const below = from + 3 * width;
      const to = 3 * (y * canvas.width + x);
      for (let k = 0; k < 3; k++) {
        const upper = data[from + k]! * (1 - s) + data[from + 3 + k]! * s;
        const lower = data[below + k]! * (1 - s) + data[below + 3 + k]! * s;
        const value = upper * (1 - t) + lower * t;
        canvas.data[to + k] = canvas.data[to + k]! * (1 - cover) + value * cover + 0.5;
      }
    }
  }
}

/** The corners of an upright rectangle of this size turned clockwise about `centre`. */
export function turnedQuad(centre: Point, width: number, height: number, degrees: number): Quad {
  const cosine = Math.cos((degrees * Math.PI) / 180);
  const sine = Math.sin((degrees * Math.PI) / 180);
  const corner = (across: number, down: number): Point => [
    centre[0] + (across * width * cosine - down * height * sine) / 2,
    centre[1] + (across * width * sine + down * height * cosine) / 2,
  ];
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}
