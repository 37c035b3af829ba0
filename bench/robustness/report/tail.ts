import { type Histogram, total, within } from './metrics.js';

/** A straight line through the logarithms of counts by distance, and what it foretells. */
export interface Tail {
  /** the distances it was fitted to, and the pairs counted there */
  readonly from: number;
  readonly to: number;
  readonly pairs: number;
  /** of the expected count, per bit */
  readonly slope: number;
  readonly logAtZero: number;
  /** pairs of an upload and an entry that were tried */
  readonly tried: number;
}

/** The fit ends where this many pairs are counted, or a hundredth of all. */
const PAIRS = 10_000;

/** With fewer pairs, the slope is a guess: its standard error is about a tenth with a hundred. */
const LEAST_PAIRS = 100;

/**
 * Fits the near end of the distances of unrelated pairs: the logarithm of the expected count is taken
 * to fall in a straight line, and the counts to be of Poisson; the line is the likeliest one. It is
 * fitted from the nearest pair seen to the distance with 10,000 pairs within it, or a hundredth of
 * all. The line foretells too little where a few pictures of one kind are nearer to each other than
 * the many: they hardly count in the fit, and make up the near end.
 * @param nearest one distance a pair of an upload and an entry: that of the upload's nearest variant
 * @returns `undefined` with fewer than four distances or 100 pairs to fit, and if the counts do not
 *   grow with distance
 */
export function fitTail(nearest: Histogram): Tail | undefined {
  const tried = total(nearest);
  const from = nearest.findIndex((count) => count > 0);
  const wanted = Math.min(PAIRS, tried / 100);
  let to = from;
  while (to < nearest.length - 1 && within(nearest, to) < wanted) to++;
  const pairs = within(nearest, to);
  if (from < 0 || to - from < 3 || pairs < LEAST_PAIRS) return undefined;
  // Newton's method on the likelihood, from the flat line. Distances are centred for its sake.
  const middle = (from + to) / 2;
  let level = Math.log(pairs / (to - from + 1));
  let slope = 0;
  for (let step = 0; step < 100; step++) {
    let [a, b, aa, ab, bb] = [0, 0, 0, 0, 0];
    for (let distance = from; distance <= to; distance++) {
      const x = distance - middle;
      const expected = Math.exp(level + slope * x);
      const off = nearest[distance]! - expected;
      a += off;
      b += off * x;
      aa += expected;
      ab += expected * x;
      bb += expected * x * x;
    }
    const scale = aa * bb - ab * ab;
    const up = (a * bb - b * ab) / scale;
    const turn = (b * aa - a * ab) / scale;
    // A full step from far away may overshoot to infinity.
    const part = Math.min(1, 1 / Math.max(Math.abs(up), Math.abs(turn) * (to - from)));
    level += part * up;
    slope += part * turn;
    if (Math.abs(up) + Math.abs(turn) < 1e-12) break;
  }
  // Written so that a fit which came to no number is refused too.
  if (!(slope > 0)) return undefined;
  return { from, to, pairs, slope, logAtZero: level - slope * middle, tried };
}

/** The expected number of wrong entries within `distance` of one upload, of a list of `entries`. */
export function foretold(
  { slope, logAtZero, tried }: Tail,
  distance: number,
  entries: number,
): number {
  let pairs = 0;
  for (let at = 0; at <= distance; at++) pairs += Math.exp(logAtZero + slope * at);
  return (pairs / tried) * entries;
}
