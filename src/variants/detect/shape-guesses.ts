import type { WorkingPlane } from '../working-plane.js';
import { uncropped } from './blind.js';
import type { Placement } from './detector.js';
import { wholeWithMargins } from './margins.js';

/** The shapes that apps crop photos to, width by height. */
const CROPPED_TO = [1, 4 / 5, 16 / 9, 9 / 16] as const;
/** How far a ratio of sides may be from them: apps round to pixels, and people cut by hand. */
const TOLERANCE = 0.02;

/** The shapes that cameras give photos. */
const TAKEN_AS = [4 / 3, 3 / 2, 16 / 9, 3 / 4, 2 / 3, 9 / 16] as const;

/** The shares of a side that may have been kept: of less, too few bits are left to be told. */
const LEAST_KEPT = 0.44;
const MOST_KEPT = 0.97;
/** From this share on it is worth trying that the crop was not about the centre. */
const LEAST_ASIDE = 0.65;

/**
 * A picture in a shape that apps crop to was probably cut from a photo in the shape of a camera: it
 * is put back into each such photo, first about the centre, then half way to either end. A picture
 * in no such shape is left alone.
 *
 * Within 31 and 60 bits, of crops about the centre of 26 photos (their other hashes: none): squares
 * of 4:3 42 and 96 %, of 3:2 23 and 88, of 16:9 12 and 85; 4:5 of 4:3 27 and 85, of 16:9 15 and 65;
 * 16:9 of 4:3 35 and 96, of 3:2 73 and 88. At a random place about a third of that. Where half of
 * a side or less was kept, as in 9:16 of 4:3 or 16:9, few are found.
 */
export function* shapeGuesses(plane: WorkingPlane): Generator<Placement> {
  const { fullWidth: width, fullHeight: height } = plane;
  const shape = width / height;
  if (!CROPPED_TO.some((one) => Math.abs(shape / one - 1) <= TOLERANCE)) return;
  // Shares of the width and of the height that were kept, for each photo it may be cut from.
  const kept: Record<'x' | 'y', number[]> = { x: [], y: [] };
  for (const taken of TAKEN_AS) {
    const share = Math.min(shape / taken, taken / shape);
    if (share >= LEAST_KEPT && share <= MOST_KEPT) kept[shape < taken ? 'x' : 'y'].push(share);
  }
  const wide = wholeWithMargins(plane);
  const guess = (along: 'x' | 'y', share: number, before: number): Placement => {
    const cut = 1 - share;
    const cuts =
      along === 'x'
        ? ([before * cut, 0, (1 - before) * cut, 0] as const)
        : ([0, before * cut, 0, (1 - before) * cut] as const);
    return { name: 'uncrop', geometry: uncropped(width, height, cuts), plane: wide };
  };
  for (const along of ['x', 'y'] as const) {
    for (const share of kept[along]) yield guess(along, share, 0.5);
  }
  for (const along of ['x', 'y'] as const) {
    const near = kept[along].filter((share) => share >= LEAST_ASIDE);
    if (near.length === 0) continue;
    // One share between them stands for all: the place is less sure than the share.
    const share = near.reduce((sum, one) => sum + one) / near.length;
    for (const before of [0.25, 0.75]) yield guess(along, share, before);
  }
}
