import type { QueryResult } from './measure.js';
import {
  addTo,
  atPrecision,
  auc,
  type FalsePairs,
  falsePairs,
  type Histogram,
  histogram,
  quantileOf,
  total,
  within,
} from './metrics.js';
import type { Run } from './runs.js';

/** Recall is given at these distances: below, at and above the one of a match, up to that of a review. */
export function thresholdsOf({ matchDistance, reviewDistance }: Run): number[] {
  const all = [
    Math.floor((2 * matchDistance) / 3),
    matchDistance,
    Math.floor((matchDistance + reviewDistance) / 2),
    reviewDistance,
  ];
  return [...new Set(all)].sort((a, b) => a - b);
}

/** One row: an edit, a family, or all. Distances and recalls are those of the nearest variant; parts of 1. */
export interface Row {
  readonly name: string;
  readonly queries: number;
  readonly median: number;
  readonly p90: number;
  readonly most: number;
  readonly recall: readonly number[];
  /** of the picture as it is, without variants */
  readonly plainRecall: readonly number[];
}

/** What a run found. */
export interface Summary {
  readonly thresholds: readonly number[];
  readonly edits: readonly (Row & { readonly family: string })[];
  readonly families: readonly Row[];
  readonly all: Row;
  /** mean of the recalls of the edits at the match distance */
  readonly macroRecall: number;
  readonly plainMacroRecall: number;
  readonly auc: number;
  /** every variant of every query against every unrelated entry */
  readonly falsePairs: readonly FalsePairs[];
  /** each query's nearest variant against every unrelated entry: false matches a query and entry */
  readonly falseQueries: readonly FalsePairs[];
  readonly hashes: { readonly mean: number; readonly most: number };
  readonly milliseconds: { readonly median: number; readonly p90: number };
  /** of found variants (not those tried blindly), how many lie within 2 pixels or half a degree */
  readonly placed: { readonly right: number; readonly found: number };
  readonly placedByFamily: readonly { name: string; right: number; found: number }[];
  /** recall at 99.99 % precision over all pairs, as the Thorn `perception` project reports it */
  readonly thorn: { threshold: number; recall: number };
  readonly genuine: Histogram;
  readonly unrelated: Histogram;
  readonly nearestUnrelated: Histogram;
}

/** Puts the results of all queries together, in the order of `transforms`. */
export function summarize(
  results: readonly QueryResult[],
  transforms: readonly { name: string; family: string }[],
  thresholds: readonly number[],
  matchDistance: number,
): Summary {
  const row = (name: string, of: readonly QueryResult[]): Row => {
    const nearest = histogram();
    const plain = histogram();
    for (const { distance, mainDistance } of of) {
      nearest[distance]!++;
      plain[mainDistance]!++;
    }
    const recall = (counts: Histogram) => thresholds.map((t) => within(counts, t) / of.length);
    return {
      name,
      queries: of.length,
      median: quantileOf(nearest, 0.5),
      p90: quantileOf(nearest, 0.9),
      most: quantileOf(nearest, 1),
      recall: recall(nearest),
      plainRecall: recall(plain),
    };
  };
  const edits = transforms.map(({ name, family }, index) => ({
    ...row(
      name,
      results.filter(({ transform }) => transform === index),
    ),
    family,
  }));
  const families = [...new Set(transforms.map(({ family }) => family))];
  const ofFamily = (name: string) =>
    results.filter(({ transform }) => transforms[transform]!.family === name);
  const genuine = histogram();
  const unrelated = histogram();
  const nearestUnrelated = histogram();
  for (const result of results) {
    genuine[result.distance]!++;
    addTo(unrelated, result.unrelated);
    addTo(nearestUnrelated, result.nearestUnrelated);
  }
  const at = thresholds.indexOf(matchDistance);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const times = results.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const placing = (name: string, of: readonly QueryResult[]) => ({
    name,
    right: of.filter(({ placed }) => placed === true).length,
    found: of.filter(({ placed }) => placed !== undefined).length,
  });
  return {
    thresholds,
    edits,
    families: families.map((name) => row(name, ofFamily(name))),
    all: row('all', results),
    macroRecall: mean(edits.map(({ recall }) => recall[at]!)),
    plainMacroRecall: mean(edits.map(({ plainRecall }) => plainRecall[at]!)),
    auc: auc(genuine, nearestUnrelated),
    falsePairs: thresholds.map((threshold) => falsePairs(unrelated, threshold)),
    falseQueries: thresholds.map((threshold) => falsePairs(nearestUnrelated, threshold)),
    hashes: {
      mean: mean(results.map(({ hashes }) => hashes)),
      most: Math.max(...results.map(({ hashes }) => hashes)),
    },
    milliseconds: {
      median: times[times.length >> 1]!,
      p90: times[Math.floor(0.9 * times.length)]!,
    },
    placed: placing('all', results),
    placedByFamily: families
      .map((name) => placing(name, ofFamily(name)))
      .filter(({ found }) => found > 0),
    thorn: atPrecision(genuine, nearestUnrelated),
    genuine,
    unrelated,
    nearestUnrelated,
  };
}

/** Pairs that a histogram counts. */
export const pairsOf = (counts: Histogram): number => total(counts);
