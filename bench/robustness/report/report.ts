import { BUSY } from '../../calibration.js';
import type { Circumstances } from '../../circumstances.js';
import type { HardRow } from '../hard-negatives.js';
import { FAR, POLICY } from '../measure.js';
import type { Estimate } from './bootstrap.js';
import { type Figures, OUTCOMES, type Row } from './figures.js';
import { type FalsePairs, matchesAtMost } from './metrics.js';
import { foretold } from './tail.js';

/** Facts about the run, for the report. */
export interface RunFacts {
  readonly command: string;
  readonly list: string;
  readonly quick: boolean;
  readonly seed: number;
  readonly machine: Record<string, string | number>;
  readonly made: Circumstances;
  readonly photos: readonly string[];
  /** files that are entries, and those of them that no edit was made of */
  readonly files: number;
  readonly unrelated: number;
  /** files that are exact duplicates of others, or too small or flat to be edited */
  readonly duplicates: number;
  readonly leftOut: readonly string[];
  readonly fillers: readonly string[];
  readonly missing: readonly string[];
}

/** Shares as percent, figures and counts, as the report writes them. */
export const percent = (part: number, digits = 0) =>
  Number.isNaN(part) ? '' : (100 * part).toFixed(digits);
const figure = (value: number) =>
  value === 0 ? '0' : value < 0.01 ? value.toExponential(1) : value.toFixed(2);
export const count = (value: number) => Math.round(value).toLocaleString('en-US');
const bits = (distance: number) => (distance >= FAR ? '' : String(distance));

/** Entries of the list for which the expected wrong matches of one upload are told. */
const MILLION = 1e6;

type Cell = string | number;

/** Rows as a table in Markdown. The first member of a row names it; the others name the columns. */
export function table(rows: readonly Readonly<Record<string, Cell>>[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.join(' | ')} |`;
  const names = Object.keys(rows[0] ?? {});
  return [
    line(['', ...names.slice(1)]),
    line(names.map((_, at) => (at === 0 ? '---' : '---:'))),
    ...rows.map((row) => line(Object.values(row))),
  ].join('\n');
}

/** What the figures foretell for one upload against a million entries. */
export const foretellings = ({ tails }: Pick<Figures, 'tails'>) =>
  tails.map(({ name, tail }) => ({
    name,
    ...(tail && {
      from: tail.from,
      to: tail.to,
      pairs: tail.pairs,
      tried: tail.tried,
      bitsPerTenfold: Math.LN10 / tail.slope,
      wrongMatches: foretold(tail, POLICY.matchDistance, MILLION),
      wrongReviews: foretold(tail, POLICY.reviewDistance, MILLION),
    }),
  }));

/** The report on a run in Markdown. The plots are files beside it. */
export function markdown(figures: Figures, hard: readonly HardRow[], facts: RunFacts): string {
  const families = new Set(figures.edits.map(({ family }) => family)).size;
  return `# Robustness on the ${facts.list} photos

\`${facts.command}\` · ${Object.entries(facts.machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')}${madeOf(facts.made)}

${count(figures.queries)} copies: ${figures.edits.length} edits, in ${families} families, of ${facts.photos.length} photos${facts.quick ? ' (a seeded eighth of the pairs, without those whose edit would not cut the photo)' : ''}, searched for among ${facts.files} files by the hash of each one's unaltered pixels.
Photos are whole files, of at most 1.5 megapixels. The other ${facts.unrelated} files, and the photos as they are, count false pairs only. ${facts.duplicates} exact duplicates were left out.
${facts.leftOut.length === 0 ? '' : `Too small or flat to be edited: ${facts.leftOut.join(', ')}.\n`}${facts.missing.length === 0 ? '' : `Not installed: ${facts.missing.map((line) => `\`${line}\``).join(', ')}.\n`}
## Found

The mean over the families, each with the same weight, each edit in a family with the same weight, and its 95 % interval by a two-way bootstrap over photos and edits (families of few edits make it rather narrow). All hashes are of the same edited pixels.
"Match" and "or review" are what a blocklist decides under its default policy with all variants; "any" is the distance of the nearest variant of quality ${POLICY.minQuality} or more. "Windows": the list also holds hashes of each photo's own windows. "Parts": its photos have the hashes of their parts; "both": its windows have them as well; "anywhere": and the windows are all along the photo.

${table(figures.macro.map(estimate))}

${costs(figures)}

![recall by family](recall.svg)

${recallTable(figures.families, 'copies')}

## By technique, and by variant

Of the hashes found by a technique, or of a name: how many a query has; copies within ${POLICY.matchDistance} bits; those that no other found, and the same within ${POLICY.reviewDistance}; queries in which one is as near to another photo; and the nearest it came to one. Before any is moved.

${variantTable(figures.techniques)}

${variantTable(figures.variants)}

## False pairs

${falseText(figures, facts)}

## Hard negatives

A query and what it must not be taken for, searched for with all variants. Frames and views of one scene are neither right nor wrong, and neither is one meme with other text.

${table(
  hard.map((row) => ({
    kind: row.kind,
    'it is': row.counts,
    cases: row.cases,
    pairs: count(row.pairs),
    comparisons: count(row.comparisons),
    match: row.matches,
    review: row.reviews,
    'match by parts': row.matchesWithParts,
    'review by parts': row.reviewsWithParts,
    [`plain <= ${POLICY.matchDistance}`]: row.plainMatches,
    nearest: bits(row.nearest),
    by: row.nearestName,
  })),
)}

## Where it was found

Matches whose variant gives the photo's place: each side within 2 pixels (a turn within half a degree), and each corner within a fiftieth of the diagonal.

${table(figures.placed.map(({ name, told, right, near }) => ({ name, located: told, right, near })))}

![distances](distances.svg)

## Every edit

${recallTable(figures.edits, 'photos', true)}

Photos: ${facts.photos.join(', ')}. The other pictures of collages hold: ${facts.fillers.join(', ')} (on no list).
`;
}

const variantTable = (rows: Figures['variants']) =>
  table(
    rows.map(({ hashesPerQuery, nearestWrong, ...row }) => ({
      name: row.name,
      hashes: hashesPerQuery.toFixed(1),
      found: row.found,
      alone: row.alone,
      [`alone <= ${POLICY.reviewDistance}`]: row.aloneInReview,
      wrong: row.wrong,
      [`wrong <= ${POLICY.reviewDistance}`]: row.wrongInReview,
      'nearest wrong': bits(nearestWrong),
    })),
  );

/** The code of a report, and that its times are not to be quoted. */
export const madeOf = ({ commit, clean, busy }: Circumstances) =>
  [...(commit ? [`commit ${commit}${clean ? '' : ', changed'}`] : []), ...(busy ? [BUSY] : [])]
    .map((words) => ` · ${words}`)
    .join('');

const estimate = ({ name, value, low, high }: Estimate & { name: string }) => ({
  name,
  'macro recall': percent(value, 1),
  '95 % interval': `${percent(low, 1)} - ${percent(high, 1)}`,
});

const costs = ({ profiles }: Figures) =>
  table(
    profiles.map(({ name, hashes, mostHashes, milliseconds, p90 }) => ({
      name,
      hashes: hashes.toFixed(1),
      'at most': mostHashes,
      ms: milliseconds.toFixed(1),
      p90: p90.toFixed(1),
    })),
  ).concat('\n\nTimes are medians without decoding, with all cores busy, and all variants hashed.');

const recallTable = (rows: readonly Row[], of: string, withFamily = false) =>
  table(
    rows.map(({ name, family, queries, recall, median, p90 }) => ({
      name,
      ...(withFamily && { family }),
      [of]: queries,
      ...Object.fromEntries(OUTCOMES.map((outcome, at) => [outcome.name, percent(recall[at]!)])),
      median,
      p90,
    })),
  );

function falseText(figures: Figures, facts: RunFacts): string {
  const { falsePairs, wrongVerdicts } = figures;
  const { bare, ...others } = wrongVerdicts;
  const wrongly = Object.entries(others).map(
    ([name, { match, review }]) => `; ${name} ${match} and ${review}`,
  );
  const rows = (name: string, all: readonly FalsePairs[]) =>
    all.map((pairs) => ({
      name: `${name} <= ${pairs.threshold}`,
      false: count(pairs.falsePairs),
      of: count(pairs.pairs),
      'per million': figure(pairs.perMillion),
      'at most': figure(pairs.perMillionAtMost),
    }));
  const perMillionAtMost = matchesAtMost(bare.match, falsePairs.files[0]!.pairs);
  return `${facts.files} files, every one as it is, and the copies of ${facts.photos.length} of them. "At most" is the upper end of the 95 % interval as if all comparisons were independent. Variants and edits of one file are not; pairs of files are nearly so, and count once, at the nearest of all comparisons made of one with the other.

${table([
  ...rows('variant and entry', falsePairs.variants),
  ...rows('query and entry', falsePairs.queries),
  ...rows('with windows, query and entry', falsePairs.withWindows),
  ...rows('two files', falsePairs.files),
  ...falsePairs.peers.flatMap((pairs) => rows(pairs.name, [pairs])),
])}

These are counts before any variant is moved. A blocklist of all other photos, which moves them, has a match for ${bare.match} queries, and a review for ${bare.review}${wrongly.join('')}. If each wrong match is a pair of files of its own, that is at most ${figure(perMillionAtMost)} per million of such pairs (95 %).

For one upload against a million entries, **extrapolated**: a straight line through the logarithms of the counts of a query's nearest variant, by distance, fitted by likelihood (Poisson) from the nearest pair seen. It foretells too little where a few pictures of one kind are nearer to each other than the many: bench/record/precision.json has counts of many more pairs.

${table(
  foretellings(figures).map((row) => ({
    name: row.name,
    'fitted to': 'from' in row ? `${row.from} - ${row.to}` : 'not fitted',
    'pairs there': 'from' in row ? count(row.pairs!) : '',
    of: 'from' in row ? count(row.tried!) : '',
    'bits for a tenth': 'from' in row ? row.bitsPerTenfold!.toFixed(1) : '',
    [`wrong <= ${POLICY.matchDistance}`]: row.wrongMatches?.toExponential(1) ?? '',
    [`wrong <= ${POLICY.reviewDistance}`]: row.wrongReviews?.toExponential(1) ?? '',
  })),
)}`;
}
