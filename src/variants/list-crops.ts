import type { Hash } from '../hash.js';
import type { Rectangle, WindowName } from '../variant.js';

/** Width over height of each window. */
const SHAPES: Readonly<Record<WindowName, number>> = {
  window1x1: 1,
  window4x5: 4 / 5,
  window16x9: 16 / 9,
  window9x16: 9 / 16,
};

/** A window is no side shorter than this. */
const SHORTEST_SIDE = 64;

/**
 * A window that keeps more of the photo than this, in percent, is left out. Of centre cuts to 97 %
 * the photo's own hash finds 94 %, of cuts to 96 % 81, and of cuts to 94 %, as 4:5 of 3:4, 31.
 */
const MOST_KEPT = 97;

/** Below this quality a hash is of no use in a list: the default policy never matches by it. */
export const LEAST_QUALITY = 50;

/** Rows that alternate, of 16, from which on a hash is that of a lone edge, and bits off in one. */
const EDGE_ROWS = 6;
const EDGE_BITS = 2;

/**
 * Whether a hash tells of little but an edge beside a plain area, at its right: then the bits of
 * most rows alternate, and any such picture is near it.
 *
 * The cause: on a plain ground, what lies within a sixteenth of the right side has coefficients
 * that change sign from each of the 16 frequencies across to the next, in every row. The bits tell
 * how bright it is along that side, and nothing else: two alike in that are 0 bits apart.
 *
 * The cause gives 16 rows and no bit off. `EDGE_ROWS` and `EDGE_BITS`, for less plain pictures,
 * were fitted to a single drawing and are unproven. A window of it had 13 such rows, and 4 of 738
 * copies of other photos matched it or were for review. Of 1,866 windows of 610 pictures, two have
 * 6 or more, both of that drawing. An edge at the left makes the bits of each row alike, and one
 * above or below shows in the columns. Those are not looked for.
 */
export function isOfLoneEdge({ algorithm, bytes }: Hash): boolean {
  if (algorithm !== 'pdq') return false;
  let rows = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    const differs = (((bytes[i]! << 8) | bytes[i + 1]!) ^ 0xaaaa) & 0xffff;
    let bits = 0;
    for (let x = differs; x > 0; x &= x - 1) bits++;
    if (bits <= EDGE_BITS || bits >= 16 - EDGE_BITS) rows++;
  }
  return rows >= EDGE_ROWS;
}

/**
 * The windows of a photo of these sides that a list may hold beside its own hash, so that a copy
 * which an app cut to 1:1, 4:5, 16:9 or 9:16 is found by its plain hash: of each shape the largest
 * about the centre. A window is left out if it keeps more than 97 % of the photo, or if a side is
 * under 64. Those are not listed, either, whose PDQ hash has a quality below `LEAST_QUALITY` or
 * tells of little but one edge.
 *
 * With the photo's own hash these are at most five. Five give away more of the photo than one: its
 * shape, sharper parts of its blurred outline, and that they belong together.
 *
 * Of centre cuts to these shapes, plain hashes find 100 % with the windows in the list, and 4 %
 * with the photo's hash alone; of cuts a little beside the centre 35 %, and of cuts anywhere 2 %.
 * Five windows of each shape would find 24 % of the last, for 21 hashes a photo (`bench windows`).
 */
export function* windowsOf({
  width,
  height,
}: Pick<Rectangle, 'width' | 'height'>): Generator<
  { name: WindowName; rectangle: Rectangle },
  void,
  undefined
> {
  for (const [name, shape] of Object.entries(SHAPES) as [WindowName, number][]) {
    const across = Math.min(width, Math.round(height * shape));
    const down = Math.min(height, Math.round(width / shape));
    if (Math.min(across, down) < SHORTEST_SIDE) continue;
    if (100 * across * down > MOST_KEPT * width * height) continue;
    const left = (width - across) >> 1;
    const top = (height - down) >> 1;
    yield { name, rectangle: { left, top, width: across, height: down } };
  }
}
