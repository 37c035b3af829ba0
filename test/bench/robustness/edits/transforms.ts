import type { Transform } from '../../../../bench/robustness/edit.js';
import { BLURRED_BARS, BORDERS, CAPTIONS, COLLAGES, SCREENSHOTS } from './framed-edits.js';
import { ENCODINGS, SIZES, TONES } from './plain-edits.js';
import { CHAINS, CROPS, CUT_TURNS, OVERLAYS } from './single-edits.js';
import { FLIPS, GROWN_TURNS, TAGS } from './turned-edits.js';
import { VIEWERS } from './viewer-edits.js';

/**
 * One edit at a time, by a fixed amount, for the tests of what the variants undo. What people really
 * make, and what the benchmark measures, is in `copies/`. An edit's position seeds its random
 * choices, so add new ones at the end.
 */
export const TRANSFORMS: readonly Transform[] = [
  ...ENCODINGS,
  ...SIZES,
  ...TONES,
  ...OVERLAYS,
  ...TAGS,
  ...FLIPS,
  ...BORDERS,
  ...BLURRED_BARS,
  ...CAPTIONS,
  ...SCREENSHOTS,
  ...COLLAGES,
  ...GROWN_TURNS,
  ...CUT_TURNS,
  ...CROPS,
  ...CHAINS,
  ...VIEWERS,
];
