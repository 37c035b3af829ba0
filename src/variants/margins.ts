import type { WorkingPlane } from './working-plane.js';

/** Of a side that is added at either end: what the largest cut that is undone blindly needs. */
const MARGIN = 0.1;

/**
 * Beyond the picture its border is repeated, blurred along itself as far as it lies away, and fades to the picture's
 * mean: to 1 / e over this part of the side. Undoing a crop with the right amounts, this left 14.6 bits of one side's 5 %
 * and 17.9 of a random one's; not blurred 14.7 and 18.2; fading sooner, over 0.08, 15.1 and 18.5; never 16.5 and 18.7;
 * mirrored 19.2 and 22.8.
 */
const FADE = 0.12;

/** The plane with what may have lain around it before it was cut out, for sampling alone. */
export function withMargins(plane: WorkingPlane): WorkingPlane {
  const { width, height, luma } = plane;
  const marginX = Math.ceil(MARGIN * width);
  const marginY = Math.ceil(MARGIN * height);
  const stride = width + 2 * marginX;
  const wide = new Float32Array(stride * (height + 2 * marginY));
  const first = marginY * stride + marginX;
  for (let y = 0; y < height; y++) {
    wide.set(luma.subarray(y * width, (y + 1) * width), first + y * stride);
  }
  extend(wide, first, stride, height, -1, marginX, width);
  extend(wide, first + width - 1, stride, height, 1, marginX, width);
  extend(wide, marginY * stride, 1, stride, -stride, marginY, height);
  extend(wide, (marginY + height - 1) * stride, 1, stride, stride, marginY, height);
  return { ...plane, width: stride, height: height + 2 * marginY, luma: wide, marginX, marginY };
}

/**
 * Fills one margin from the line at its border.
 * @param start first pixel of the line
 * @param along from a pixel of the line to the next
 * @param count pixels of the line
 * @param outwards from the line to the one beyond it
 * @param depth lines of the margin
 * @param side pixels of the picture in that direction
 */
function extend(
  wide: Float32Array,
  start: number,
  along: number,
  count: number,
  outwards: number,
  depth: number,
  side: number,
): void {
  const sums = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) sums[i + 1] = sums[i]! + wide[start + i * along]!;
  for (let away = 1; away <= depth; away++) {
    const left = Math.exp(-away / (FADE * side));
    let to = start + away * outwards;
    for (let i = 0; i < count; i++, to += along) {
      const from = Math.max(0, i - away);
      const end = Math.min(count, i + away + 1);
      wide[to] = (left * (sums[end]! - sums[from]!)) / (end - from);
    }
  }
}
