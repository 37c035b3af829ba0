import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Transform } from './edit.js';
import type { PhotoFile } from './photo-lists.js';

/** How a picture of a hard case is made. */
export interface HardPicture {
  readonly file: PhotoFile;
  /** an edit of the suite, by its position, and the number that seeds it */
  readonly edit?: { readonly at: number; readonly number: number };
  /** the tile of a 3 x 3 grid with the least detail, or the left half beside its mirror image */
  readonly form?: 'smooth' | 'symmetric';
}

/**
 * Kinds of pictures that are near one another and not the same. Those of one scene, and memes of one
 * template, are neither right nor wrong: a person would call them alike, and a list holds one of them.
 */
export const HARD_KINDS = {
  'frames of one shot': 'same scene',
  'two views of one scene': 'same scene',
  'one meme template, other text': 'same picture',
  'one screen layout, another photo': 'wrong',
  'one frame or wall, another photo': 'wrong',
  'smooth tiles': 'wrong',
  'symmetric pictures': 'wrong',
} as const;

export type HardKind = keyof typeof HARD_KINDS;

/** A query, and pictures on the list that it must not be taken for. */
export interface HardCase {
  readonly kind: HardKind;
  readonly query: HardPicture;
  readonly listed: readonly HardPicture[];
}

const VISP = '/usr/share/visp-images-data/ViSP-images';
const OPENCV = '/usr/share/doc/opencv-doc/examples/data';

/** Pictures of one moving camera or board, in order. */
const SHOTS: readonly { folder: string; frames: RegExp; every: number }[] = [
  { folder: `${VISP}/mbt-depth/castel/castel`, frames: /^image_\d+\.png$/, every: 5 },
  { folder: `${VISP}/mbt/cube`, frames: /^image\d+\.png$/, every: 30 },
  { folder: OPENCV, frames: /^left\d+\.jpg$/, every: 1 },
  { folder: OPENCV, frames: /^right\d+\.jpg$/, every: 1 },
];

/** Two photos of one scene each. */
const VIEWS: readonly (readonly [string, string])[] = [
  ['aloeL.jpg', 'aloeR.jpg'],
  ['basketball1.png', 'basketball2.png'],
  ['graf1.png', 'graf3.png'],
  ['leuvenA.jpg', 'leuvenB.jpg'],
  ['left.jpg', 'right.jpg'],
  ['rubberwhale1.png', 'rubberwhale2.png'],
  ['ela_original.jpg', 'ela_modified.jpg'],
  ['left01.jpg', 'right01.jpg'],
  ['left02.jpg', 'right02.jpg'],
  ['left03.jpg', 'right03.jpg'],
];

/** Families of which a copy shows more than the photo, by what surrounds it. */
const FAMILIES: readonly (readonly [RegExp, HardKind])[] = [
  [/meme/, 'one meme template, other text'],
  [/screenshot|story|web page|document|video player/, 'one screen layout, another photo'],
  [/polaroid|photo of a screen/, 'one frame or wall, another photo'],
];

/** Photos and tiles that each kind takes. */
const MOST_PAIRS = 6;
const MOST_TILES = 40;

/** The hard cases: of the photos of a list, and of packages with pictures of one scene. */
export function hardCases(
  photos: readonly PhotoFile[],
  suite: readonly Transform[],
  quick: boolean,
): HardCase[] {
  const pairs = quick ? 1 : MOST_PAIRS;
  const cases: HardCase[] = [];
  for (const { folder, frames, every } of SHOTS) {
    if (!existsSync(folder)) continue;
    const files = readdirSync(folder)
      .filter((name) => frames.test(name))
      .sort()
      .filter((_, at) => at % every === 0)
      .map((name) => pictureAt(join(folder, name)));
    for (const [at, query] of files.slice(1).entries()) {
      cases.push({ kind: 'frames of one shot', query, listed: [files[at]!] });
    }
  }
  for (const names of VIEWS) {
    const [one, other] = names.map((name) => pictureAt(join(OPENCV, name)));
    if (!existsSync(one!.file.path)) continue;
    cases.push({ kind: 'two views of one scene', query: other!, listed: [one!] });
  }
  for (const [at, { family }] of suite.entries()) {
    const kind = FAMILIES.find(([names]) => names.test(family))?.[1];
    if (kind === undefined) continue;
    for (let pair = 0; pair < Math.min(pairs, photos.length - 1); pair++) {
      const file = photos[pair]!;
      const other = kind === 'one meme template, other text' ? file : photos[pair + 1]!;
      const number = kind === 'one meme template, other text' ? pair + 1000 : pair;
      cases.push({
        kind,
        query: { file, edit: { at, number: pair } },
        listed: [{ file: other, edit: { at, number } }],
      });
    }
  }
  for (const form of ['smooth', 'symmetric'] as const) {
    const tiles = photos.slice(0, MOST_TILES).map((file) => ({ file, form }));
    for (const query of quick ? tiles.slice(0, 5) : tiles) {
      cases.push({
        kind: form === 'smooth' ? 'smooth tiles' : 'symmetric pictures',
        query,
        listed: tiles.filter(({ file }) => file !== query.file),
      });
    }
  }
  return cases;
}

const pictureAt = (path: string): HardPicture => ({ file: { source: path, path } });
