import { CHAINS, CROPS, CUT_TURNS, FLIPS, GROWN_TURNS, TAGS } from './cut-edits.js';
import type { Transform } from './edit.js';
import { BLURRED_BARS, BORDERS, CAPTIONS, COLLAGES, SCREENSHOTS } from './framed-edits.js';
import { ENCODINGS, OVERLAYS, SIZES, TONES } from './plain-edits.js';

/** Every edit of the suite, by family; the names are the report's rows. */
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
];
