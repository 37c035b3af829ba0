import { AMOUNTS, CHAINS, CROPS, CUT_TURNS, FLIPS, GROWN_TURNS, TAGS } from './cut-edits.js';
import type { Transform } from './edit.js';
import { BLURRED_BARS, BORDERS, CAPTIONS, COLLAGES, SCREENSHOTS } from './framed-edits.js';
import { ENCODINGS, OVERLAYS, SIZES, TONES } from './plain-edits.js';
import { VIEWERS } from './viewer-edits.js';

/**
 * Every edit of the suite, by family; the names are the report's rows. An edit's position seeds its
 * random choices, so add new ones at the end.
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

/** The edits to apply: `edits` is the suite, `amounts` is crops and turns in small steps. */
export const SUITES = { edits: TRANSFORMS, amounts: AMOUNTS } as const;

export type Suite = keyof typeof SUITES;
