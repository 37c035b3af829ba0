import type { Rectangle } from '../../variant.js';
import type { View } from '../view.js';
import type { WorkingPlane } from '../working-plane.js';

/**
 * Converts a rectangle of the working plane to pixels of the picture. Each side moves to the line
 * near it across which the picture changes most: by less than two pixels of the plane if one covers
 * several of the picture, otherwise by at most `reach`.
 */
export function snapToEdges(
  plane: WorkingPlane,
  { left, top, width, height }: Rectangle,
  reach = 0,
): Rectangle {
  const { scale, fullWidth, fullHeight, view } = plane;
  const { alongRow, alongColumn } = view;
  const l = left * scale;
  const t = top * scale;
  const r = Math.min((left + width) * scale, fullWidth);
  const b = Math.min((top + height) * scale, fullHeight);
  // Opposite sides of a narrow rectangle do not meet.
  const near = Math.min(scale === 1 ? reach : 2 * scale - 1, (Math.min(r - l, b - t) - 1) >> 1);
  if (near === 0) return { left: l, top: t, width: r - l, height: b - t };
  const rows = { lines: fullHeight, across: alongColumn, along: alongRow, from: l, to: r };
  const columns = { lines: fullWidth, across: alongRow, along: alongColumn, from: t, to: b };
  const newLeft = strongest(view, columns, l, near);
  const newTop = strongest(view, rows, t, near);
  return {
    left: newLeft,
    top: newTop,
    width: strongest(view, columns, r, near) - newLeft,
    height: strongest(view, rows, b, near) - newTop,
  };
}

/** The rows or the columns of a picture, each from one of its pixels to another. */
interface Lines {
  readonly lines: number;
  /** samples from a line to the next, and from a pixel of a line to the next */
  readonly across: number;
  readonly along: number;
  readonly from: number;
  readonly to: number;
}

/** The line near `line` that differs most from the one before it, in green or in grey. */
function strongest(
  { data, channels, first }: View,
  { lines, across, along, from, to }: Lines,
  line: number,
  reach: number,
): number {
  // A side on the picture's own border stays there.
  if (line <= 0 || line >= lines) return line;
  const offset = first + (channels < 3 ? 0 : 1);
  const step = Math.max(1, (to - from) >> 9);
  let best = line;
  let most = -1;
  const end = Math.min(line + reach + 1, lines);
  for (let at = Math.max(1, line - reach); at < end; at++) {
    let change = 0;
    for (let i = from; i < to; i += step) {
      const pixel = offset + at * across + i * along;
      change += Math.abs(data[pixel]! - data[pixel - across]!);
    }
    if (change > most) {
      most = change;
      best = at;
    }
  }
  return best;
}
