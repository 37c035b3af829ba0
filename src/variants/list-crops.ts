import type { Hash } from '../hash.js';
import type { ListCropName, Rectangle } from '../variant.js';
import { MOST_OF_SHAPE } from './variant-profile.js';

/** Width over height of each list crop. */
const SHAPES: Readonly<Record<ListCropName, number>> = {
  window1x1: 1,
  window4x5: 4 / 5,
  window16x9: 16 / 9,
  window9x16: 9 / 16,
};

/** No side of a list crop is shorter than this. */
const SHORTEST_SIDE = 64;

/**
 * A list crop that keeps more of the photo than this, in percent, is excluded. The photo's own hash
 * finds 94 % of centre cuts to 97 %, 81 of cuts to 96 %, and 31 of cuts to 94 %, as 4:5 of 3:4.
 */
export const MOST_KEPT = 97;

/** Below this quality a hash is useless in a list: the default policy never matches by it. */
export const LEAST_QUALITY = 50;

/** Alternating rows, of 16, that make a hash that of a lone edge, and wrong bits allowed in one. */
const EDGE_ROWS = 6;
const EDGE_BITS = 2;

/**
 * True if a hash shows little but an edge beside a plain area, at its right: then the bits of most
 * rows alternate, and any such picture is near it.
 *
 * The cause: on a plain ground, content within a sixteenth of the right side has coefficients that
 * change sign from each of the 16 frequencies across to the next, in every row. The bits encode
 * only the brightness along that side: two pictures alike in that are 0 bits apart.
 *
 * The cause gives 16 rows and no bit off. `EDGE_ROWS` and `EDGE_BITS`, for less plain pictures,
 * were fitted to a single drawing and are unproven. A list crop of it had 13 such rows, and 4 of
 * 738 copies of other photos matched it or were for review. Of 1,866 list crops of 610 pictures,
 * two have 6 or more, both of that drawing. An edge at the left makes the bits of each row equal,
 * and one above or below shows in the columns. Those are not detected.
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
 * The distance between neighbouring list crops, by the side that is kept. A cut made anywhere may
 * be over 31 bits from the nearest; moving it, and parts, then bring a match. Of 49 moved cuts and
 * cuts to 9:16 of 7 photos, in lists with parts, 92 % match at 0.05, 86 at 0.1, 76 at 0.16 and 61
 * at 0.25.
 */
const STEP = 0.1;

/**
 * The list crops of a photo of these sides, which a list may hold beside its own hash, so that a
 * copy that an app cut to 1:1, 4:5, 16:9 or 9:16 is found: of each shape the largest about the
 * centre and, if `anywhere`, all along the photo. A crop is excluded if it keeps more than 97 % of
 * the photo, or if a side is under 64. Crops whose PDQ hash has a quality below `LEAST_QUALITY`, or
 * shows little but one edge, are not listed, either.
 *
 * With the photo's own hash those about the centre are at most five. Five reveal more of the photo
 * than one: its shape, sharper parts of its blurred outline, and that they belong together. Those
 * anywhere are 20 to 45 of most photos, and reveal more still: they are for lists that are not
 * passed on.
 *
 * Of centre cuts to these shapes, plain hashes find 100 % with the crops in the list, and 4 % with
 * the photo's hash alone; of cuts a little beside the centre 35 %, and of cuts anywhere 2 %
 * (`bench windows`).
 */
export function* listCropsOf(
  { width, height }: Pick<Rectangle, 'width' | 'height'>,
  anywhere = false,
): Generator<{ name: ListCropName; rectangle: Rectangle }, void, undefined> {
  for (const [name, shape] of Object.entries(SHAPES) as [ListCropName, number][]) {
    const across = Math.min(width, Math.round(height * shape));
    const down = Math.min(height, Math.round(width / shape));
    if (Math.min(across, down) < SHORTEST_SIDE) continue;
    if (100 * across * down > MOST_KEPT * width * height) continue;
    const isAcross = across < width;
    const free = isAcross ? width - across : height - down;
    const step = STEP * (isAcross ? across : down);
    for (const at of anywhere ? placesAlong(free, step) : [free >> 1]) {
      const [left, top] = isAcross ? [at, 0] : [0, at];
      yield { name, rectangle: { left, top, width: across, height: down } };
    }
  }
}

/** Places from 0 to `free`, the middle first, then in turn before and after it. */
function placesAlong(free: number, step: number): number[] {
  const middle = free >> 1;
  const places = [middle];
  for (let off = step; off < (free + step) / 2 && places.length < MOST_OF_SHAPE; off += step) {
    places.push(Math.max(0, Math.round(middle - off)), Math.min(free, Math.round(middle + off)));
  }
  return places;
}
