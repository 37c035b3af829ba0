import { poissonInterval } from '../robustness/report/metrics.js';
import { clustersOf } from './clusters.js';
import { KINDS, LAST, NAMED, type Photo, SIZES, type UploadResult, WAYS } from './pairs.js';

/** Pairs are counted up to these distances: the thresholds, and every fourth bit beyond them. */
export const DISTANCES = [31, 46, 50, 54, 55, 60, 64, 68, 72, 76];

/** A rate, and its 95 % limits; `low` is 0 if nothing was counted. */
export interface Rate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The rate of events among pairs, with limits as if pairs of files were independent: an upload and
 * an entry may be a pair the other way round, too, so that one pair of files is two events.
 * @param files the pairs of files of these events
 */
export function rateOf(events: number, files: number, pairs: number, per: number): Rate {
  if (pairs === 0) return { value: 0, low: 0, high: per };
  const [low, high] = poissonInterval(files);
  const scale = (per / pairs) * (files === 0 ? 2 : events / files);
  return { value: (per * events) / pairs, low: low * scale, high: high * scale };
}

/** Two files, in either order. */
const filesOf = (a: string, b: string): [string, string] => (a < b ? [a, b] : [b, a]);

const distinct = (edges: readonly (readonly [string, string])[]) =>
  new Set(edges.map((edge) => edge.join('\n'))).size;

/** An upload and its result. */
export type Result = readonly [upload: Photo, result: UploadResult];

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

function kindRow(name: string, kind: number, results: readonly Result[]) {
  const pairs = sum(results.map(([, result]) => result.pairs[kind]!));
  const counts = Array.from({ length: LAST + 1 }, (_, distance) =>
    sum(results.map(([, result]) => result.counts[kind]![distance]!)),
  );
  const edges = results.flatMap(([{ source }, { near }]) =>
    near.flatMap((one) => (one.kind === kind ? [filesOf(source, one.other)] : [])),
  );
  const files = distinct(edges);
  const within = DISTANCES.map((distance) => sum(counts.slice(0, distance + 1)));
  const named = sum(counts.slice(0, NAMED + 1));
  return {
    name,
    pairs,
    within,
    /** of the pairs within `NAMED` */
    files,
    clusters: clustersOf(edges).length,
    perMillion: rateOf(named, files, pairs, 1e6),
    counts,
  };
}

export type KindRow = ReturnType<typeof kindRow>;

/** The decisions on one list, of mixed pairs or those of one collection. */
function decisionRow(way: number, isMixed: boolean, results: readonly Result[]) {
  const { name, held, size } = WAYS[way]!;
  const kinds = isMixed ? [0, 4] : [2, 5];
  const taken = held.windows ? kinds : kinds.slice(0, 1);
  const pairs = sum(results.flatMap(([, result]) => taken.map((kind) => result.pairs[kind]!)));
  const tierRow = (tier: 'match' | 'review') => {
    const wrongs = results.flatMap(([{ source }, result]) =>
      result.wrongs.flatMap((wrong) =>
        wrong.way === way && wrong.isMixed === isMixed && wrong.tier === tier
          ? [{ source, other: wrong.other }]
          : [],
      ),
    );
    const edges = wrongs.map(({ source, other }) => filesOf(source, other));
    const files = distinct(edges);
    return {
      entries: wrongs.length,
      uploads: new Set(wrongs.map(({ source }) => source)).size,
      files,
      clusters: clustersOf(edges).length,
      /** by the length of the list, or its lengths */
      inThousandUploads: (size === undefined ? SIZES : [size]).map((size) => ({
        size,
        ...rateOf(wrongs.length, files, pairs, 1000 * size),
      })),
    };
  };
  return { name, isMixed, pairs, match: tierRow('match'), review: tierRow('review') };
}

/** Two files that came near, at the least distance of either as the upload. */
export interface NearFiles {
  readonly files: readonly [string, string];
  readonly distance: number;
  readonly kind: string;
  readonly tier: string;
}

function nearFiles(results: readonly Result[]): NearFiles[] {
  const nearest = new Map<string, NearFiles>();
  for (const [{ source }, { near, wrongs }] of results) {
    for (const { other, kind, distance } of near) {
      const files = filesOf(source, other);
      const known = nearest.get(files.join('\n'));
      const tiers = wrongs.flatMap((wrong) => (wrong.other === other ? wrong.tier : []));
      const all = [...tiers, known?.tier];
      const tier = all.includes('match') ? 'match' : all.includes('review') ? 'review' : 'none';
      const isNearer = known === undefined || distance < known.distance;
      const nearer = isNearer ? { distance, kind: KINDS[kind]! } : known;
      const { distance: least, kind: name } = nearer;
      nearest.set(files.join('\n'), { files, distance: least, kind: name, tier });
    }
  }
  return [...nearest.values()].sort((a, b) => a.distance - b.distance);
}

/** Everything that the report has of the results of all uploads. */
export function figuresOf(results: readonly Result[]) {
  const collections = new Set(results.map(([{ collection }]) => collection));
  const near = nearFiles(results);
  return {
    distances: DISTANCES,
    kinds: KINDS.map((name, kind) => kindRow(name, kind, results)),
    collections: [...collections]
      .map((name) => {
        const of = results.filter(([{ collection }]) => collection === name);
        const { counts: _, ...row } = kindRow(name, 2, of);
        return { uploads: of.length, ...row };
      })
      .filter(({ pairs }) => pairs > 0),
    decisions: WAYS.flatMap((_, way) =>
      [true, false].map((isMixed) => decisionRow(way, isMixed, results)),
    ),
    /** within `NAMED` */
    near,
    clusters: clustersOf(near.map(({ files }) => files)),
  };
}

export type Figures = ReturnType<typeof figuresOf>;
