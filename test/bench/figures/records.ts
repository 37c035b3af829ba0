import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FaissBuild } from '../../../bench/index/faiss.js';
import type { Race, Timing } from '../../../bench/race.js';
import { matchesAtMost } from '../../../bench/robustness/report/metrics.js';

/** The figures of README and docs match the records and fixtures. A new record needs new pages. */
export const root = join(import.meta.dirname, '../../..');
export const text = (path: string) => readFileSync(join(root, path), 'utf8').replace(/\s+/g, ' ');
/** Some pages of docs/, as one text: a figure stands on one of them. */
export const docs = (...names: string[]) => names.map((name) => text(`docs/${name}.md`)).join(' ');
export const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));
export const record = (path: string) => json(join('bench/record', path));

/** What an own list holds beside the hashes of its photos. */
type ListName = 'bare' | 'parts' | 'windows' | 'both' | 'anywhere';

export interface Run {
  photos: string[];
  files: number;
  queries: number;
  outcomes: string[];
  macro: { name: string; value: number; low: number; high: number }[];
  families: { name: string; recall: number[] }[];
  edits: { name: string; family: string; recall: number[] }[];
  falsePairs: Record<
    'variants' | 'files',
    { threshold: number; falsePairs: number; pairs: number; perMillionAtMost: number }[]
  >;
  wrongVerdicts: Record<ListName, { match: number; review: number }>;
  placed: { told: number; right: number; near: number }[];
  foretold: { name: string; wrongMatches: number; wrongReviews: number }[];
  hardNegatives: {
    kind: string;
    cases: number;
    matches: number;
    reviews: number;
    matchesWithParts: number;
    reviewsWithParts: number;
    plainMatches: number;
  }[];
}

export const sealed = record('robustness/sealed/robustness.json') as Run;
export const checked = record('robustness/checked/robustness.json') as Run;

/** Lists made of screenshots: `bench inner`. */
export const inner = record('inner.json') as {
  set: string;
  quick: boolean;
  photos: number;
  missing: string[];
  wrongPairs: number;
  rows: Record<string, string | number>[];
  sameApp: Record<string, string | number>[];
  ordinary: { pictures: number; asked: number };
};

/** All of these words stand on the page. */
export function says(page: string, words: readonly string[]): void {
  expect(words.filter((each) => !page.includes(each))).toEqual([]);
}

export const MATCH = 31;

export const percent = (part: number, digits = 0) => (100 * part).toFixed(digits);
export const of = (name: string, run = sealed) => run.macro.find((mean) => mean.name === name)!;
export const mean = (name: string, run?: Run) => percent(of(name, run).value, 1);
export const count = (value: number) => value.toLocaleString('en-US');

/** Counts of pairs that were measured outside the suite. */
export const precision = record('precision.json') as {
  uploads: number;
  entries: number;
  distances: number[];
  pairs: Record<string, { pairs: number; within: number[] }>;
  moved: { matches: number };
  wrongReviewsAtAMillion: Record<string, { value: number; low?: number; high?: number }>;
  wrongReviewsAtAMillionWithin55: Record<
    string,
    { value: number; atMost?: number; low?: number; high?: number }
  >;
  copiesThatMatchOrAreForReview: Record<string, Record<string, number>>;
  wrongMatchesAtAMillion: { atMost: number };
};
export const [, HELD_OUT] = Object.values(precision.copiesThatMatchOrAreForReview) as [
  Record<string, number>,
  Record<string, number>,
];

/** Wrong matches of the sealed run, with moves, as a bound for a million pairs of files. */
export function wrongMatchesAtMost(): string {
  const { pairs } = sealed.falsePairs.files[0]!;
  return matchesAtMost(sealed.wrongVerdicts.bare.match, pairs).toFixed(0);
}

export const WRONG = precision.wrongReviewsAtAMillion as Record<
  'mixed' | 'one kind' | 'windows add',
  { value: number; low?: number; high?: number }
>;
/** At the review distance of a list of a million; counted within 55 bits, which is a little more. */
export const [MIXED_WRONG, KIND_WRONG, WINDOWS_WRONG] = [
  'mixed, quality 50 or more on both sides',
  'one kind',
  'windows add',
].map((name) => precision.wrongReviewsAtAMillionWithin55[name]!) as [Bound, Bound, Bound];
type Bound = { value: number; atMost?: number; low?: number; high?: number };
export const [MIXED, PLAIN, ONE_KIND, WINDOWS] = [
  'mixed, quality 50 or more on both sides',
  'mixed, one side below 50',
  'one collection, the others',
  'windows as entries',
].map((name) => precision.pairs[name]!) as [Counted, Counted, Counted, Counted];
export type Counted = (typeof precision.pairs)[string];

interface IndexRecord {
  measured: {
    data: string;
    count: number;
    maxDistance: number;
    engine: string;
    microseconds: number;
    ratio: number;
  }[];
  figures: Record<string, number>;
  faiss: FaissBuild;
  targets: { met: boolean; measured: number }[];
}
export const index = record('index.json') as IndexRecord;

/** A search of a million hashes at the distance of a match. */
export const searchOf = (data: string, engine = 'onlyhashes') =>
  index.measured.find(
    (row) =>
      row.data === data && row.count === 1e6 && row.maxDistance === MATCH && row.engine === engine,
  )!;
export const milliseconds = (data: string) => (searchOf(data).microseconds / 1000).toFixed(3);

/** What `bench NAME --out` has recorded. */
interface Recorded {
  races: Race[];
  figures: Record<string, unknown>;
}
export const recorded = (name: string) => record(`${name}.json`) as Recorded;
/** The timing of one contender in a recorded race. Its name may go on with a version. */
export function timed(bench: string, title: string, name: string): Timing {
  const { timings } = recorded(bench).races.find((race) => race.title === title)!;
  return timings.find((timing) => timing.name === name || timing.name.startsWith(`${name} `))!;
}
export const digits = (value: number) => String(Number(value.toPrecision(2)));
export const largest = (values: readonly number[]) => Math.max(...values);

/** Percent of the cuts to the shapes of windows that a list of the photos, or of windows, finds. */
export function cutsFound(
  where: 'centre' | 'near' | 'anywhere',
  list: 'alone' | 'windows',
): string {
  const figures = recorded('windows').figures as Record<string, number[]>;
  const shapes = ['1:1', '4:5', '16:9', '9:16'].map((shape) => figures[`${shape} ${where}`]!);
  const found = shapes.map((lists) => lists[list === 'alone' ? 0 : 2]!);
  return (found.reduce((sum, share) => sum + share, 0) / shapes.length).toFixed(0);
}

/** The largest of the judged figures of changes whose name has `what` in it, in ms. */
export const mostOfChanges = (what: string): number =>
  largest(
    Object.entries(recorded('blocklist').figures).flatMap(([name, figure]) =>
      name.includes(what) ? ((figure as { measured?: number }).measured ?? []) : [],
    ),
  );

/** Of a decision by `thorough`, near nothing in a million: its time, and that of the searches alone. */
export function decisionOf(data: 'uniform' | 'clustered'): { ms: string; searches: string } {
  const { entries, variants } = record('lists-variants.json');
  expect(entries).toBe(1e6);
  const [decision, searches] = variants[data] as Timing[];
  return {
    ms: (decision!.microseconds / 1000).toFixed(1),
    searches: searches!.ratio.toFixed(1),
  };
}
