import { random } from '../../workloads.js';

/** Which photos and edits were tried, and what came of each pair. */
export interface Grid {
  /** the family of each edit, as a number from 0 */
  readonly families: ArrayLike<number>;
  readonly photos: number;
  /** by edit, then by photo: 0 to 1, or NaN where the pair was not tried */
  readonly hits: ArrayLike<number>;
}

/** A mean and the ends of its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export const ROUNDS = 2000;

/**
 * The mean over families of the means of their edits, each family with the same weight, and its 95 %
 * interval by a two-way bootstrap: in each round the photos are drawn anew with replacement, and so
 * are the edits of each family (Owen 2007, "The pigeonhole bootstrap"). Both matter: the same photo is
 * in all edits, and the same edit on all photos. The families stay: they are the question.
 */
export function macroMean(grid: Grid, seed: number, rounds = ROUNDS): Estimate {
  const { families, photos } = grid;
  const next = random(seed);
  const byFamily = groups(families);
  const once = new Float64Array(photos).fill(1);
  const value = mean(grid, once, byFamily);
  const drawn = new Float64Array(rounds);
  const weights = new Float64Array(photos);
  for (let round = 0; round < rounds; round++) {
    weights.fill(0);
    for (let i = 0; i < photos; i++) weights[next() % photos]!++;
    drawn[round] = mean(
      grid,
      weights,
      byFamily.map((edits) => edits.map(() => edits[next() % edits.length]!)),
    );
  }
  // A round in which every tried pair drops out has no mean.
  const means = drawn.filter((each) => !Number.isNaN(each)).sort();
  const at = (share: number) => means[Math.round(share * (means.length - 1))] ?? Number.NaN;
  return { value, low: at(0.025), high: at(0.975) };
}

function groups(families: ArrayLike<number>): number[][] {
  const byFamily: number[][] = [];
  for (let edit = 0; edit < families.length; edit++) {
    byFamily[families[edit]!] ??= [];
    byFamily[families[edit]!]!.push(edit);
  }
  return byFamily.filter((edits) => edits.length > 0);
}

function mean(
  { photos, hits }: Grid,
  weights: Float64Array,
  byFamily: readonly (readonly number[])[],
): number {
  let sum = 0;
  let counted = 0;
  for (const edits of byFamily) {
    let ofFamily = 0;
    let ofEdits = 0;
    for (const edit of edits) {
      let hit = 0;
      let tried = 0;
      for (let photo = 0; photo < photos; photo++) {
        const one = hits[edit * photos + photo]!;
        if (Number.isNaN(one)) continue;
        hit += weights[photo]! * one;
        tried += weights[photo]!;
      }
      if (tried === 0) continue;
      ofFamily += hit / tried;
      ofEdits++;
    }
    if (ofEdits === 0) continue;
    sum += ofFamily / ofEdits;
    counted++;
  }
  return sum / counted;
}
