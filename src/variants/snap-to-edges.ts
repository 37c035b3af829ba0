import type { CheckedPixels } from '../pixels.js';
import type { Rectangle } from '../variant.js';
import type { WorkingPlane } from './working-plane.js';

/**
 * A rectangle of the working plane in pixels of the picture, each side moved to the line near it across which the
 * picture changes most: by less than two of the plane's pixels where one stands for several, else by at most `reach`.
 */
export function snapToEdges(
  plane: WorkingPlane,
  { left, top, width, height }: Rectangle,
  reach = 0,
): Rectangle {
  const { scale, fullWidth, fullHeight, pixels } = plane;
  const l = left * scale;
  const t = top * scale;
  const r = Math.min((left + width) * scale, fullWidth);
  const b = Math.min((top + height) * scale, fullHeight);
  // Opposite sides of a narrow rectangle do not meet.
  const near = Math.min(scale === 1 ? reach : 2 * scale - 1, (Math.min(r - l, b - t) - 1) >> 1);
  if (near === 0) return { left: l, top: t, width: r - l, height: b - t };
  const rows = (line: number) => strongest(pixels, line, fullHeight, near, l, r, fullWidth, 1);
  const columns = (line: number) => strongest(pixels, line, fullWidth, near, t, b, 1, fullWidth);
  const newLeft = columns(l);
  const newTop = rows(t);
  return { left: newLeft, top: newTop, width: columns(r) - newLeft, height: rows(b) - newTop };
}

/** The line near `line` that differs most from the one before it, in green, or in grey where that is all there is. */
function strongest(
  pixels: CheckedPixels,
  line: number,
  lines: number,
  reach: number,
  from: number,
  to: number,
  across: number,
  along: number,
): number {
  // A side on the picture's own border stays there.
  if (line <= 0 || line >= lines) return line;
  const { data } = pixels;
  const { channels } = pixels;
  const offset = channels < 3 ? 0 : 1;
  const step = Math.max(1, (to - from) >> 9);
  let best = line;
  let most = -1;
  const end = Math.min(line + reach + 1, lines);
  for (let at = Math.max(1, line - reach); at < end; at++) {
    let change = 0;
    for (let i = from; i < to; i += step) {
      const pixel = (at * across + i * along) * channels + offset;
      change += Math.abs(data[pixel]! - data[pixel - across * channels]!);
    }
    if (change > most) {
      most = change;
      best = at;
    }
  }
  return best;
}
