import type { QueryResult, Verdict } from './measure.js';
import {
  addTo,
  atPrecision,
  auc,
  type FalsePairs,
  falsePairs,
  type Histogram,
  histogram,
  quantileOf,
  within,
} from './metrics.js';
import type { Run } from './runs.js';

/**
 * The distances for which recall is given: below, at and above the match distance, up to the review
 * distance.
 */
export function thresholdsOf({ matchDistance, reviewDistance }: Run): number[] {
  const all = [
    Math.floor((2 * matchDistance) / 3),
    matchDistance,
    Math.floor((matchDistance + reviewDistance) / 2),
    reviewDistance,
  ];
  return [...new Set(all)].sort((a, b) => a - b);
}

/**
 * One row: an edit, a family, or all. Distances and recalls are those of the nearest variant;
 * recalls are from 0 to 1.
 */
export interface Row {
  readonly name: string;
  readonly queries: number;
  readonly median: number;
  readonly p90: number;
  readonly most: number;
  readonly recall: readonly number[];
  /** of the picture itself, without variants */
  readonly plainRecall: readonly number[];
  /** what a blocklist decides about the photo under its default policy */
  readonly decided: Readonly<Record<Verdict, number>>;
}

/** The number of matches that give the photo's place, and of those that give it correctly. */
export interface Placed {
  readonly name: string;
  readonly told: number;
  /** within 2 pixels, or half a degree */
  readonly right: number;
  /** within a fiftieth of the photo's diagonal */
  readonly near: number;
}

/** The results of a run. */
export interface Summary {
  readonly thresholds: readonly number[];
  readonly edits: readonly (Row & { readonly family: string })[];
  readonly families: readonly Row[];
  readonly all: Row;
  /** mean of the edits' recalls at the match distance */
  readonly macroRecall: number;
  readonly plainMacroRecall: number;
  /** mean over the edits of what a blocklist decides */
  readonly macroDecided: Readonly<Record<Verdict, number>>;
  readonly auc: number;
  /** every variant of every query against every unrelated entry */
  readonly falsePairs: readonly FalsePairs[];
  /**
   * each query's nearest variant against every unrelated entry: false matches per query and entry
   */
  readonly falseQueries: readonly FalsePairs[];
  /**
   * Two files count as one pair, which is false if any edit and variant of a photo of one is this
   * near to any photo of the other. Comparisons of the same two files are not independent.
   */
  readonly falseFiles: readonly FalsePairs[];
  /** queries that a blocklist matches, or sends to review, for an unrelated photo */
  readonly falseVerdicts: Readonly<Record<'match' | 'review', number>>;
  readonly hashes: { readonly mean: number; readonly most: number };
  readonly milliseconds: { readonly median: number; readonly p90: number };
  /** matches that give the photo's place: all, by variant and by family */
  readonly placed: Placed;
  readonly placedByVariant: readonly Placed[];
  readonly placedByFamily: readonly Placed[];
  /** recall at 99.99 % precision over all pairs, as the Thorn `perception` project reports it */
  readonly thorn: { threshold: number; recall: number };
  readonly genuine: Histogram;
  readonly unrelated: Histogram;
  readonly nearestUnrelated: Histogram;
}

/** Summarises the results of all queries, in the order of `transforms`. */
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
      decided: decided(of),
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
  const files = nearestOfFiles(results);
  const variants = [...new Set(results.flatMap(({ placement }) => placement?.variant ?? []))];
  const at = thresholds.indexOf(matchDistance);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const times = results.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return {
    thresholds,
    edits,
    families: families.map((name) => row(name, ofFamily(name))),
    all: row('all', results),
    macroRecall: mean(edits.map(({ recall }) => recall[at]!)),
    plainMacroRecall: mean(edits.map(({ plainRecall }) => plainRecall[at]!)),
    macroDecided: {
      match: mean(edits.map(({ decided }) => decided.match)),
      review: mean(edits.map(({ decided }) => decided.review)),
      none: mean(edits.map(({ decided }) => decided.none)),
    },
    auc: auc(genuine, nearestUnrelated),
    falsePairs: thresholds.map((threshold) => falsePairs(unrelated, threshold)),
    falseQueries: thresholds.map((threshold) => falsePairs(nearestUnrelated, threshold)),
    falseFiles: thresholds.map((threshold) => falsePairs(files, threshold)),
    falseVerdicts: {
      match: results.filter(({ falseVerdict }) => falseVerdict === 'match').length,
      review: results.filter(({ falseVerdict }) => falseVerdict === 'review').length,
    },
    hashes: {
      mean: mean(results.map(({ hashes }) => hashes)),
      most: Math.max(...results.map(({ hashes }) => hashes)),
    },
    milliseconds: {
      median: times[times.length >> 1]!,
      p90: times[Math.floor(0.9 * times.length)]!,
    },
    placed: placing('all', results),
    placedByVariant: variants.map((name) =>
      placing(
        name,
        results.filter(({ placement }) => placement?.variant === name),
      ),
    ),
    placedByFamily: families
      .map((name) => placing(name, ofFamily(name)))
      .filter(({ told }) => told > 0),
    thorn: atPrecision(genuine, nearestUnrelated),
    genuine,
    unrelated,
    nearestUnrelated,
  };
}

function decided(of: readonly QueryResult[]): Record<Verdict, number> {
  const part = (wanted: Verdict) =>
    of.filter(({ verdict }) => verdict === wanted).length / of.length;
  return { match: part('match'), review: part('review'), none: part('none') };
}

function placing(name: string, of: readonly QueryResult[]): Placed {
  const told = of.flatMap(({ placement }) => placement ?? []);
  return {
    name,
    told: told.length,
    right: told.filter(({ right }) => right).length,
    near: told.filter(({ near }) => near).length,
  };
}

/** The distance of the nearest photos of each two files, one of them edited. */
function nearestOfFiles(results: readonly QueryResult[]): Histogram {
  const nearest = new Map<string, number>();
  for (const { file, nearestByFile } of results) {
    for (const [other, distance] of nearestByFile.entries()) {
      if (other === file) continue;
      const pair = `${Math.min(file, other)} ${Math.max(file, other)}`;
      nearest.set(pair, Math.min(nearest.get(pair) ?? 256, distance));
    }
  }
  const counts = histogram();
  for (const distance of nearest.values()) counts[distance]!++;
  return counts;
}
