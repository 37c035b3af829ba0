/** Counts of distances 0…256. */
export type Histogram = Float64Array;

export const histogram = (): Histogram => new Float64Array(257);

/** Adds the counts of `other`. */
export function addTo(sum: Histogram, other: ArrayLike<number>): void {
  for (let distance = 0; distance < sum.length; distance++) sum[distance]! += other[distance]!;
}

export const total = (counts: Histogram): number => counts.reduce((sum, count) => sum + count, 0);

/** The number of distances that are at most `distance`. */
export const within = (counts: Histogram, distance: number): number =>
  counts.subarray(0, distance + 1).reduce((sum, count) => sum + count, 0);

/** The smallest distance that covers a share `q` of all. */
export function quantileOf(counts: Histogram, q: number): number {
  const wanted = q * total(counts);
  let seen = 0;
  for (let distance = 0; distance < counts.length; distance++) {
    seen += counts[distance]!;
    if (seen > 0 && seen >= wanted) return distance;
  }
  return counts.length - 1;
}

/**
 * Upper end of the one-sided 95 % confidence interval of a Poisson mean after `count` events
 * (Garwood 1936): 3.0 for none, 4.7 for one.
 */
export const upperBound = (count: number): number => meanBelow(count, 0.05);

/**
 * The 95 % confidence interval of a Poisson mean after `count` events: two-sided (Garwood 1936), or
 * after none up to the one-sided bound.
 */
export const poissonInterval = (count: number): [low: number, high: number] =>
  count === 0 ? [0, upperBound(0)] : [meanBelow(count - 1, 0.975), meanBelow(count, 0.025)];

/** The mean with which at most `count` events have this probability. */
function meanBelow(count: number, probability: number): number {
  let low = 0;
  let high = count + 10 + 5 * Math.sqrt(count + 1);
  for (let step = 0; step < 60; step++) {
    const mean = (low + high) / 2;
    if (poissonUpTo(count, mean) > probability) low = mean;
    else high = mean;
  }
  return high;
}

function poissonUpTo(count: number, mean: number): number {
  let log = -mean;
  let sum = Math.exp(log);
  for (let k = 1; k <= count; k++) {
    log += Math.log(mean / k);
    sum += Math.exp(log);
  }
  return sum;
}

/** False pairs at a threshold. */
export interface FalsePairs {
  readonly threshold: number;
  readonly falsePairs: number;
  readonly pairs: number;
  readonly perMillion: number;
  /** upper end of the 95 % confidence interval, if the pairs are independent */
  readonly perMillionAtMost: number;
}

/** Upper end of the 95 % interval of `count` events, per million of `pairs` that are independent. */
export const matchesAtMost = (count: number, pairs: number): number =>
  Math.min(1e6, (1e6 * upperBound(count)) / pairs);

export function falsePairs(unrelated: Histogram, threshold: number): FalsePairs {
  const count = within(unrelated, threshold);
  const pairs = total(unrelated);
  return {
    threshold,
    falsePairs: count,
    pairs,
    perMillion: (1e6 * count) / pairs,
    perMillionAtMost: matchesAtMost(count, pairs),
  };
}

/** Hamming distance of two hashes in packed words, by SWAR popcount. */
export function wordDistance(
  a: Uint32Array,
  from: number,
  b: Uint32Array,
  start: number,
  words: number,
): number {
  let sum = 0;
  for (let i = 0; i < words; i++) {
    let x = a[from + i]! ^ b[start + i]!;
    x -= (x >>> 1) & 0x55555555;
    x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
    sum += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return sum;
}
