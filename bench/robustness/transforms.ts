import { AMOUNTS, CHAINS, CROPS, CUT_TURNS, FLIPS, GROWN_TURNS, TAGS } from './cut-edits.js';
import type { Transform } from './edit.js';
import { BLURRED_BARS, BORDERS, CAPTIONS, COLLAGES, SCREENSHOTS } from './framed-edits.js';
import { ENCODINGS, OVERLAYS, SIZES, TONES } from './plain-edits.js';
import { VIEWERS } from './viewer-edits.js';

/**
 * Every edit of the suite, by family; the names are the report's rows. An edit's place decides what
 * chance gives it, so a new one goes to the end.
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

/** What is done to the photos: `edits` is the suite, `amounts` crops and turns in small steps. */
export const SUITES = { edits: TRANSFORMS, amounts: AMOUNTS } as const;

export type Suite = keyof typeof SUITES;
