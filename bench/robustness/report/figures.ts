import {
  byList,
  FAR,
  LIST_NAMES,
  POLICY,
  PROFILES,
  type QueryResult,
  type Verdict,
} from '../measure.js';
import { PEERS } from '../peers.js';
import type { Placement } from '../placement.js';
import { type Estimate, macroMean } from './bootstrap.js';
import {
  addTo,
  type FalsePairs,
  falsePairs,
  type Histogram,
  histogram,
  quantileOf,
} from './metrics.js';
import { fitTail } from './tail.js';

/** One way to find copies, or one tier of it. */
export interface Outcome {
  readonly name: string;
  /** `undefined` if it was not tried */
  hit(result: QueryResult): boolean | undefined;
}

const { matchDistance, reviewDistance } = POLICY;
const least = (distances: Uint16Array): number => distances.reduce((a, b) => Math.min(a, b), FAR);
const toReview = (verdict: Verdict) => verdict !== 'none';

/** The nearest variant of a query to its photo, or to one of its windows. */
export const nearestOwn = ({ own }: QueryResult): number => least(own);
const nearestInWindows = ({ own, ownWindows }: QueryResult) =>
  Math.min(least(own), least(ownWindows));

/** What the report compares, with the names of its columns. */
export const OUTCOMES: readonly Outcome[] = [
  { name: 'plain PDQ', hit: ({ own }) => own[0]! <= matchDistance },
  ...PROFILES.filter((profile) => profile !== 'none').flatMap((profile): Outcome[] => {
    const at = PROFILES.indexOf(profile);
    return [
      { name: `${profile}, match`, hit: ({ profiles }) => profiles[at]!.verdict === 'match' },
      { name: `${profile}, or review`, hit: ({ profiles }) => toReview(profiles[at]!.verdict) },
    ];
  }),
  ...PEERS.flatMap(({ name, thresholds }, at) =>
    thresholds.map(
      (threshold): Outcome => ({
        name: `${name} <= ${threshold}`,
        hit: ({ peers }) => peers[at] && peers[at].distance <= threshold,
      }),
    ),
  ),
  { name: `any <= ${matchDistance}`, hit: (result) => nearestOwn(result) <= matchDistance },
  { name: `any <= ${reviewDistance}`, hit: (result) => nearestOwn(result) <= reviewDistance },
  {
    name: `windows, any <= ${matchDistance}`,
    hit: (result) => nearestInWindows(result) <= matchDistance,
  },
  ...LIST_NAMES.flatMap((list): Outcome[] => {
    const of = list === 'bare' ? '' : `${list}, `;
    return [
      { name: `${of}match`, hit: ({ verdicts }) => verdicts[list] === 'match' },
      { name: `${of}or review`, hit: ({ verdicts }) => toReview(verdicts[list]) },
    ];
  }),
];

/** The recalls of an edit or a family, from 0 to 1, in the order of `OUTCOMES`. */
export interface Row {
  readonly name: string;
  readonly family: string;
  readonly queries: number;
  readonly recall: readonly number[];
  /** of the nearest variant to the photo */
  readonly median: number;
  readonly p90: number;
}

/** Everything that the report tells of the queries. */
export type Figures = ReturnType<typeof figuresOf>;

/** The distances at which false pairs are told. */
const DISTANCES = [matchDistance, 45, reviewDistance];

/**
 * The figures of all queries.
 * @param results of edited photos, and of all entries as they are (`edit` -1)
 * @param edits name and family of each edit, by position
 */
export function figuresOf(
  results: readonly QueryResult[],
  edits: readonly { readonly name: string; readonly family: string }[],
  seed: number,
) {
  const queries = results.filter(({ edit }) => edit >= 0);
  const rows = edits.map(({ name, family }, at) =>
    rowOf(
      name,
      family,
      queries.filter(({ edit }) => edit === at),
    ),
  );
  const unrelated = histogram();
  for (const result of results) addTo(unrelated, result.unrelated);
  const genuine = histogram();
  for (const result of queries) genuine[Math.min(256, nearestOwn(result))]!++;
  const ofEdited = nearestPairs(queries);
  const ofAll = nearestPairs(results);
  const windows = histogram();
  for (const result of results) addTo(windows, result.nearestWindows);
  const at = (counts: Histogram) => DISTANCES.map((distance) => falsePairs(counts, distance));
  return {
    queries: queries.length,
    outcomes: OUTCOMES.map(({ name }) => name),
    macro: estimates(queries, edits, seed),
    families: familyRows(rows, queries, edits),
    edits: rows,
    variants: variantRows(results, ({ names }) => names),
    techniques: variantRows(results, ({ techniques }) => techniques),
    profiles: profileRows(queries),
    falsePairs: {
      /** every variant of every query with every other photo */
      variants: at(unrelated),
      /** the nearest variant of every query with every other photo */
      queries: at(ofAll),
      withWindows: at(windows),
      /**
       * Two files count once: the nearest of all comparisons of one, edited or not, with the other.
       * Only these are independent, and even they share files.
       */
      files: at(filePairs(results)),
      peers: peerPairs(results),
    },
    /** queries for which a blocklist of all other photos has a match, or a review */
    wrongVerdicts: byList((list) => wrongs(results.map(({ wrong }) => wrong[list]))),
    tails: [
      { name: 'edited photos', tail: fitTail(ofEdited) },
      { name: 'photos as they are', tail: fitTail(nearestPairs(asTheyAre(results))) },
      { name: 'all, with windows on the list', tail: fitTail(windows) },
    ],
    placed: placedRows(queries),
    genuine,
    unrelated,
  };
}

const asTheyAre = (results: readonly QueryResult[]) => results.filter(({ edit }) => edit < 0);

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function rowOf(name: string, family: string, of: readonly QueryResult[]): Row {
  const distances = histogram();
  for (const result of of) distances[Math.min(256, nearestOwn(result))]!++;
  return {
    name,
    family,
    queries: of.length,
    recall: OUTCOMES.map(({ hit }) => mean(of.map((result) => Number(hit(result))))),
    median: quantileOf(distances, 0.5),
    p90: quantileOf(distances, 0.9),
  };
}

/** Each edit of a family has the same weight. */
function familyRows(
  rows: readonly Row[],
  queries: readonly QueryResult[],
  edits: readonly { readonly family: string }[],
): Row[] {
  return [...new Set(edits.map(({ family }) => family))].map((family) => {
    const ofFamily = rows.filter((row) => row.family === family && row.queries > 0);
    const all = queries.filter(({ edit }) => edits[edit]!.family === family);
    return {
      ...rowOf(family, family, all),
      recall: OUTCOMES.map((_, at) => mean(ofFamily.map(({ recall }) => recall[at]!))),
    };
  });
}

function estimates(
  queries: readonly QueryResult[],
  edits: readonly { readonly family: string }[],
  seed: number,
): (Estimate & { name: string })[] {
  const names = [...new Set(edits.map(({ family }) => family))];
  const families = edits.map(({ family }) => names.indexOf(family));
  const photos = [...new Set(queries.map(({ photo }) => photo))];
  return OUTCOMES.map(({ name, hit }) => {
    const hits = new Float64Array(edits.length * photos.length).fill(Number.NaN);
    for (const result of queries) {
      hits[result.edit * photos.length + photos.indexOf(result.photo)] = Number(hit(result));
    }
    return { name, ...macroMean({ families, photos: photos.length, hits }, seed) };
  });
}

/** What the variants of each name did, over all edited photos. */
function variantRows(
  results: readonly QueryResult[],
  namesOf: (result: QueryResult) => readonly string[],
) {
  const rows = new Map<string, ReturnType<typeof emptyRow>>();
  let edited = 0;
  for (const result of results) {
    const { edit, own, others } = result;
    if (edit >= 0) edited++;
    const found = new Set<string>();
    const inReview = new Set<string>();
    const nearest = new Map<string, number>();
    for (const [at, name] of namesOf(result).entries()) {
      if (!rows.has(name)) rows.set(name, emptyRow(name));
      nearest.set(name, Math.min(nearest.get(name) ?? FAR, others[at]!));
      if (edit < 0) continue;
      rows.get(name)!.hashesPerQuery++;
      if (own[at]! <= matchDistance) found.add(name);
      if (own[at]! <= reviewDistance) inReview.add(name);
    }
    for (const name of found) rows.get(name)!.found++;
    if (found.size === 1) rows.get([...found][0]!)!.alone++;
    if (inReview.size === 1) rows.get([...inReview][0]!)!.aloneInReview++;
    for (const [name, distance] of nearest) {
      const row = rows.get(name)!;
      if (distance <= matchDistance) row.wrong++;
      if (distance <= reviewDistance) row.wrongInReview++;
      row.nearestWrong = Math.min(row.nearestWrong, distance);
    }
  }
  for (const row of rows.values()) row.hashesPerQuery /= Math.max(1, edited);
  return [...rows.values()].sort((a, b) => b.alone - a.alone || b.found - a.found);
}

const emptyRow = (name: string) => ({
  name,
  hashesPerQuery: 0,
  /** copies within the match distance, and those of them that no variant of another name found */
  found: 0,
  alone: 0,
  /** the same within the review distance */
  aloneInReview: 0,
  /** queries, unedited ones among them, in which it is this near to another photo */
  wrong: 0,
  wrongInReview: 0,
  nearestWrong: FAR,
});

function profileRows(queries: readonly QueryResult[]) {
  const row = (name: string, of: readonly { hashes: number; milliseconds: number }[]) => {
    const times = of.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    return {
      name,
      hashes: mean(of.map(({ hashes }) => hashes)),
      mostHashes: Math.max(0, ...of.map(({ hashes }) => hashes)),
      milliseconds: times[times.length >> 1] ?? Number.NaN,
      p90: times[Math.floor(0.9 * times.length)] ?? Number.NaN,
    };
  };
  return [
    ...PROFILES.map((name, at) =>
      row(
        name,
        queries.map(({ profiles }) => profiles[at]!),
      ),
    ),
    row(
      'thorough',
      queries.map(({ names, milliseconds }) => ({ hashes: names.length, milliseconds })),
    ),
  ];
}

/** One distance a query and other photo: that of the nearest variant. */
function nearestPairs(results: readonly QueryResult[]): Histogram {
  const counts = histogram();
  for (const { nearest } of results) {
    for (const distance of nearest) if (distance < FAR) counts[distance]!++;
  }
  return counts;
}

/** One distance a pair of files: of all queries made of one and compared with the other. */
function filePairs(results: readonly QueryResult[]): Histogram {
  const files = results[0]?.nearest.length ?? 0;
  const nearest = new Uint16Array(files * files).fill(FAR);
  for (const result of results) {
    for (const [other, distance] of result.nearest.entries()) {
      const pair = Math.min(result.photo, other) * files + Math.max(result.photo, other);
      if (distance < nearest[pair]!) nearest[pair] = distance;
    }
  }
  const counts = histogram();
  for (const distance of nearest) if (distance < FAR) counts[distance]!++;
  return counts;
}

function peerPairs(results: readonly QueryResult[]): (FalsePairs & { name: string })[] {
  return PEERS.flatMap(({ name, thresholds }, at) => {
    const counts = histogram();
    for (const { peers } of results) if (peers[at]) addTo(counts, peers[at].others);
    return thresholds.map((threshold) => ({ name, ...falsePairs(counts, threshold) }));
  });
}

function wrongs(verdicts: readonly Verdict[]) {
  const count = (wanted: Verdict) => verdicts.filter((verdict) => verdict === wanted).length;
  return { match: count('match'), review: count('review') };
}

/** The number of matches that give the photo's place, and of those that give it correctly. */
function placedRows(queries: readonly QueryResult[]) {
  const all = queries.flatMap(({ placement }) => placement ?? []);
  const row = (name: string, of: readonly Placement[]) => ({
    name,
    told: of.length,
    right: of.filter(({ right }) => right).length,
    /** within a fiftieth of the photo's diagonal */
    near: of.filter(({ near }) => near).length,
  });
  const names = [...new Set(all.map(({ variant }) => variant))];
  return [
    row('all', all),
    ...names.map((name) =>
      row(
        name,
        all.filter(({ variant }) => variant === name),
      ),
    ),
  ];
}
