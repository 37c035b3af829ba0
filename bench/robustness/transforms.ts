import { COPIES } from './copies/suite.js';
import { AMOUNTS, CHAINS, CROPS, CUT_TURNS, FLIPS, GROWN_TURNS, TAGS } from './cut-edits.js';
import type { Transform } from './edit.js';
import { BLURRED_BARS, BORDERS, CAPTIONS, COLLAGES, SCREENSHOTS } from './framed-edits.js';
import { ENCODINGS, OVERLAYS, SIZES, TONES } from './plain-edits.js';
import { VIEWERS } from './viewer-edits.js';

/**
 * Every edit of the suite `edits`, by family; the names are the report's rows. An edit's position seeds its
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

/**
 * The edits to apply: `edits` is one edit at a time, by fixed amounts; `amounts` is crops and turns
 * in small steps; `copies` is what people make, at random amounts.
 */
export const SUITES = { edits: TRANSFORMS, amounts: AMOUNTS, copies: COPIES } as const;

export type Suite = keyof typeof SUITES;
