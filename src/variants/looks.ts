import type { HashedVariant } from '../variant.js';
import { isOpaque, type OtherLook, type OwnForms, onBackdrop, withoutColour } from './forms.js';
import { type View, viewOf } from './view.js';
import { planeOf } from './working-plane.js';

/** A picture whose parts are searched. */
export interface SeenPicture extends Pick<OwnForms, 'isTransparent' | 'given'> {
  /** all pixels as displayed */
  readonly view: View;
  readonly looks?: readonly OtherLook[] | undefined;
  /** the later frames of an animation, for a list */
  readonly frames?: readonly HashedVariant[];
}

/** A displayed raster whose parts are searched. */
export interface Look {
  /** number of variants returned before its whole picture; absent: that was not returned */
  readonly at?: number;
  /** labels of its parts; its whole picture has the name of the look */
  readonly of: Pick<HashedVariant, 'look' | 'frame'>;
  /** its pixels as displayed, copied each time if it `isCopy` */
  readonly view: () => View;
  readonly isCopy: boolean;
  readonly given: OwnForms['given'];
}

/**
 * All looks of a picture. A transparent one has two, on white and on black.
 * @param already the variants returned so far
 */
export function* looksOf(
  { view, isTransparent, given, looks = [] }: SeenPicture,
  already: readonly HashedVariant[],
): Generator<Look> {
  if (!isTransparent) yield { at: 0, of: {}, view: () => view, isCopy: false, given };
  else {
    for (const look of ['onWhite', 'onBlack'] as const) {
      const at = already.findIndex(({ name }) => name === look);
      yield { at, of: { look }, ...onBackdropOf(view, look === 'onWhite' ? 255 : 0), given };
    }
  }
  for (const { look, frame, pixels, orientation, given } of looks) {
    const stored = viewOf(withoutColour(pixels), orientation);
    const number = frame === undefined ? {} : { frame };
    const of = { look, ...number };
    if (isOpaque(pixels)) yield { of, view: () => stored, isCopy: false, given };
    else {
      yield { of, ...onBackdropOf(stored, 255), given };
      yield { of: { look: 'onBlack', ...number }, ...onBackdropOf(stored, 0), given };
    }
  }
}

const onBackdropOf = (view: View, backdrop: number) => ({
  view: () => viewOnBackdrop(view, backdrop),
  isCopy: true,
});

/** As `onBackdrop`, of all pixels that the view refers to. */
export function viewOnBackdrop(view: View, backdrop: number): View {
  const { data, channels, first, alongRow, alongColumn } = view;
  const pixels = { data, width: data.length / channels, height: 1, channels };
  const on = onBackdrop(pixels, backdrop);
  const moved = (samples: number) => (samples / channels) * on.channels;
  return {
    ...view,
    ...{ data: on.data, channels: on.channels, first: moved(first) },
    ...{ alongRow: moved(alongRow), alongColumn: moved(alongColumn) },
  };
}

/** The looks without those similar to an earlier one. */
export function distinct(looks: readonly Look[]): readonly Look[] {
  if (looks.length === 1) return looks;
  const grids: LookGrid[] = [];
  return looks.filter(({ view }) => {
    const grid = gridOf(view());
    return !grids.some((other) => isAlike(grid, other)) && grids.push(grid);
  });
}

/** Cells a side: as many samples as PDQ takes of a whole picture. */
const SIDE = 64;
/** The most difference of similar looks in any cell, which is invisible. */
const MOST_APART = 2;

/** The mean luma of each of 64 x 64 cells of a picture, and its sides. */
export interface LookGrid {
  readonly means: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** The grid of a look as displayed. */
export function gridOf(view: View): LookGrid {
  const { width, height, red, green, blue } = planeOf(view);
  const means = new Float32Array(SIDE * SIDE);
  const counts = new Uint32Array(SIDE * SIDE);
  for (let y = 0, at = 0; y < height; y++) {
    const row = SIDE * Math.floor((y * SIDE) / height);
    for (let x = 0; x < width; x++, at++) {
      const cell = row + Math.floor((x * SIDE) / width);
      means[cell]! += 0.299 * red[at]! + 0.587 * green[at]! + 0.114 * blue[at]!;
      counts[cell]!++;
    }
  }
  for (let cell = 0; cell < means.length; cell++) means[cell]! /= Math.max(1, counts[cell]!);
  return { means, width: view.width, height: view.height };
}

/** True if two looks have sides of one proportion and cells of the same light, but for noise. */
export function isAlike(a: LookGrid, b: LookGrid): boolean {
  const [across, down] = [a.width * b.height, a.height * b.width];
  if (Math.abs(across - down) > 0.02 * across) return false;
  return a.means.every((mean, cell) => Math.abs(mean - b.means[cell]!) <= MOST_APART);
}
