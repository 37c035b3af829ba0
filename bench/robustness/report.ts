import type { Run } from './runs.js';
import type { Row, Summary } from './summary.js';

/** What the report says about its own making. */
export interface RunFacts {
  readonly command: string;
  readonly seed: number;
  readonly machine: Record<string, string | number>;
  readonly queried: { readonly sources: readonly string[]; readonly photos: number };
  readonly listed: { readonly photos: number; readonly duplicates: number };
  readonly fillers: readonly string[];
  readonly split: string;
}

/** Parts of 1 in percent, figures and counts as the report writes them. */
export const percent = (part: number, digits = 0) => (100 * part).toFixed(digits);
export const figure = (value: number) =>
  value === 0 ? '0' : value < 0.01 ? value.toExponential(1) : value.toFixed(2);
export const count = (value: number) => Math.round(value).toLocaleString('en-US');

/** A table in Markdown, its first column to the left. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, at) => (at === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n');
}

const recalls = (row: Row) => row.recall.map((value) => percent(value));

/** The report of a run in Markdown; the plots lie beside it. */
export function markdown(summary: Summary, run: Run, facts: RunFacts): string {
  const { matchDistance } = run;
  const { thresholds, edits, families, all, thorn } = summary;
  const at = thresholds.indexOf(matchDistance);
  const head = [
    '',
    'queries',
    'median',
    'p90',
    'max',
    ...thresholds.map((t) => `<= ${t}`),
    `alone <= ${matchDistance}`,
  ];
  const cells = (row: Row) => [
    row.name,
    row.queries,
    row.median,
    row.p90,
    row.most,
    ...recalls(row),
    percent(row.plainRecall[at]!),
  ];
  const missed = edits
    .filter(({ recall }) => recall[at]! < 0.9)
    .sort((a, b) => a.recall[at]! - b.recall[at]!)
    .map(({ name, family, recall }) => `- ${family}: ${name}: ${percent(recall[at]!)} %`);
  return `# Robustness: ${run.algorithm}, profile ${run.profile}

\`${facts.command}\` · seed ${facts.seed} · ${Object.entries(facts.machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')}

${count(all.queries)} edited photos: ${edits.length} edits of ${facts.queried.photos} photos (from ${facts.queried.sources.length} files), searched for
among ${facts.listed.photos} photos by the hash of each one's unaltered pixels (${facts.listed.duplicates} exact duplicates were left out). A photo is a whole file, or a tile of
one of at least 400 pixels a side that is neither sky nor blur nor stripes; tiles of one file are disjoint and count as unrelated, a file and its own tile as neither.
${facts.split}
Files queried: ${facts.queried.sources.join(', ')}. In the other cells of collages: ${facts.fillers.join(', ')} (on no list).

## Found
Macro recall over the ${edits.length} edits within ${matchDistance} bits: **${percent(summary.macroRecall, 1)} %** with variants, ${percent(summary.plainMacroRecall, 1)} % of the picture alone.
AUC ${summary.auc.toFixed(6)}. Cost: ${summary.hashes.mean.toFixed(1)} hashes a query (at most ${summary.hashes.most}), ${summary.milliseconds.median.toFixed(1)} ms (p90 ${summary.milliseconds.p90.toFixed(1)}; ${'decoding not counted, all cores at work'}).
Distances are of the nearest variant of quality 50 or more (below, the policy has a person review it), in bits; recalls in percent; "alone" is the hash of the picture as it is.

![recall by family](recall.svg)

${table(head, families.map(cells))}

## Not found
${missed.length === 0 ? 'Every edit is found at least nine times in ten.' : `Edits found less than nine times in ten within ${matchDistance} bits:\n\n${missed.join('\n')}`}

## False pairs
Every hash that a query costs is one more that may match what is unrelated. Both are counted, with the upper end of the 95 % confidence interval (pairs of one
photo are counted as if they were independent).

${table(
  [
    'within',
    'variant and entry: false',
    'of pairs',
    'per million',
    'at most',
    'query and entry: false',
    'of pairs',
    'per million',
    'at most',
  ],
  summary.falsePairs.map((pairs, row) => {
    const queries = summary.falseQueries[row]!;
    return [
      pairs.threshold,
      count(pairs.falsePairs),
      count(pairs.pairs),
      figure(pairs.perMillion),
      figure(pairs.perMillionAtMost),
      count(queries.falsePairs),
      count(queries.pairs),
      figure(queries.perMillion),
      figure(queries.perMillionAtMost),
    ];
  }),
)}

![distances](distances.svg)

In the manner of Thorn's \`perception\` (recall at 99.99 % precision over all pairs): ${percent(thorn.recall, 1)} % at ${thorn.threshold} bits.

## Where it was found
The part that matched lies within 2 pixels of the photo, or is turned within half a degree of it, in **${summary.placed.right} of ${summary.placed.found}** cases (${percent(summary.placed.right / summary.placed.found, 1)} %). Parts that are
tried blindly (crops, and turns with the corners cut) are not among them.

${table(
  ['', 'right', 'found'],
  summary.placedByFamily.map(({ name, right, found }) => [name, right, found]),
)}

## Every edit
${table(
  ['', 'family', ...head.slice(1)],
  edits.map((row) => [row.name, row.family, ...cells(row).slice(1)]),
)}
`;
}
