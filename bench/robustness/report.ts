import type { Run } from './runs.js';
import type { Placed, Row, Summary } from './summary.js';

/** Facts about the run, for the report. */
export interface RunFacts {
  readonly command: string;
  readonly seed: number;
  readonly machine: Record<string, string | number>;
  readonly queried: { readonly sources: readonly string[]; readonly photos: number };
  readonly listed: {
    readonly photos: number;
    readonly files: number;
    readonly duplicates: number;
  };
  readonly fillers: readonly string[];
  readonly split: string;
}

/** Shares as percent, figures and counts, as the report writes them. */
export const percent = (part: number, digits = 0) => (100 * part).toFixed(digits);
export const figure = (value: number) =>
  value === 0 ? '0' : value < 0.01 ? value.toExponential(1) : value.toFixed(2);
export const count = (value: number) => Math.round(value).toLocaleString('en-US');

/** A table in Markdown. The first column is left-aligned. */
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

const share = (part: number, all: number) => (all === 0 ? 'none' : `${percent(part / all, 1)} %`);

const placedTable = (rows: readonly Placed[]) =>
  table(
    ['', 'located', 'right', '', 'near', ''],
    rows.map(({ name, told, right, near }) => [
      name,
      told,
      right,
      share(right, told),
      near,
      share(near, told),
    ]),
  );

/** The mean without the viewer screenshots, which were added to the suite later. */
function bare({ edits }: Summary, at: number): string {
  const others = edits.filter(({ family }) => family !== 'viewer screenshot');
  if (others.length === edits.length) return '';
  const mean = others.reduce((sum, { recall }) => sum + recall[at]!, 0) / others.length;
  return `Without the viewer screenshots, which were added to the suite last, ${others.length} edits remain, and the macro recall is ${percent(mean, 1)} %.\n`;
}

/** The head and the cells of a table of edits or families. */
function columns({ thresholds }: Summary, { matchDistance }: Run) {
  const at = thresholds.indexOf(matchDistance);
  const head = [
    '',
    'queries',
    'median',
    'p90',
    'max',
    ...thresholds.map((t) => `<= ${t}`),
    `alone <= ${matchDistance}`,
    'match',
    'review',
    'none',
  ];
  const cells = (row: Row) => [
    row.name,
    row.queries,
    row.median,
    row.p90,
    row.most,
    ...recalls(row),
    percent(row.plainRecall[at]!),
    percent(row.decided.match),
    percent(row.decided.review),
    percent(row.decided.none),
  ];
  return { at, head, cells };
}

const intro = ({ all, edits }: Summary, facts: RunFacts) =>
  `\`${facts.command}\` · seed ${facts.seed} · ${Object.entries(facts.machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')}

${count(all.queries)} edited photos: ${edits.length} edits of ${facts.queried.photos} photos (from ${facts.queried.sources.length} files), searched for
among ${facts.listed.photos} photos by the hash of each one's unaltered pixels (${facts.listed.duplicates} exact duplicates were left out). A photo is a whole file, or a tile of
one, at least 400 pixels a side, that is neither sky nor blur nor stripes. Tiles of one file are disjoint and count as unrelated; a file and its own tile count as neither.
${facts.split}
Files queried: ${facts.queried.sources.join(', ')}. The other cells of collages hold: ${facts.fillers.join(', ')} (on no list).
`;

const legend = ({ matchDistance, reviewDistance }: Run) =>
  `Distances are those of the nearest variant of quality 50 or more (below that, a person reviews it), in bits. Recalls are in percent. "Alone" is the hash of the picture itself.
The last three columns are what a blocklist decides about the photo under its default policy, in percent: every variant is searched at ${matchDistance} bits, but only the picture itself at ${reviewDistance}.
`;

/** The report on crops and cut turns in small steps. */
export function byAmount(summary: Summary, run: Run, facts: RunFacts): string {
  const { head, cells } = columns(summary, run);
  return `# Crops and turns by amount: ${run.algorithm}, profile ${run.profile}

${intro(summary, facts)}
Blind cuts and turns undo fixed amounts, close to those of the suite: 1.25, 2.5, 3.75, 5 and 8.75 % of a side, 2.5 and 4 degrees. Between and beyond these amounts, less is found.

${legend(run)}
${table(head, summary.edits.map(cells))}
`;
}

/** The report on a run in Markdown. The plots are files beside it. */
export function markdown(summary: Summary, run: Run, facts: RunFacts): string {
  const { matchDistance } = run;
  const { edits, families, thorn } = summary;
  const { at, head, cells } = columns(summary, run);
  const missed = edits
    .filter(({ recall }) => recall[at]! < 0.9)
    .sort((a, b) => a.recall[at]! - b.recall[at]!)
    .map(({ name, family, recall }) => `- ${family}: ${name}: ${percent(recall[at]!)} %`);
  return `# Robustness: ${run.algorithm}, profile ${run.profile}

${intro(summary, facts)}
## Found
Macro recall over the ${edits.length} edits within ${matchDistance} bits: **${percent(summary.macroRecall, 1)} %** with variants, ${percent(summary.plainMacroRecall, 1)} % for the picture alone.
AUC ${summary.auc.toFixed(6)}. Cost: ${summary.hashes.mean.toFixed(1)} hashes per query (at most ${summary.hashes.most}), ${summary.milliseconds.median.toFixed(1)} ms (p90 ${summary.milliseconds.p90.toFixed(1)}; without decoding, all cores busy).
${legend(run)}${bare(summary, at)}
![recall by family](recall.svg)

${table(head, families.map(cells))}

## Not found
${missed.length === 0 ? 'Every edit is found at least nine times in ten.' : `Edits found less than nine times in ten within ${matchDistance} bits:\n\n${missed.join('\n')}`}

## False pairs
Every hash of a query is one more chance to match something unrelated. So pairs are counted by variant and by query, with the upper end of the 95 % confidence
interval as if all were independent. They are not: they are edits, tiles and variants of ${facts.queried.sources.length} files compared with photos of ${facts.listed.files}. So pairs of files are counted too, once each:
a pair is false if any edit and variant of any photo of one file is this near to any photo of the other.

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
    'two files: false',
    'of pairs',
    'at most',
  ],
  summary.falsePairs.map((pairs, row) => {
    const queries = summary.falseQueries[row]!;
    const files = summary.falseFiles[row]!;
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
      count(files.falsePairs),
      count(files.pairs),
      `${figure(files.perMillionAtMost / 1e4)} %`,
    ];
  }),
)}

A blocklist matched ${count(summary.falseVerdicts.match)} of ${count(summary.all.queries)} queries with an unrelated photo, and sent ${count(summary.falseVerdicts.review)} to review for one.

![distances](distances.svg)

In the manner of Thorn's \`perception\` (recall at 99.99 % precision over all pairs): ${percent(thorn.recall, 1)} % at ${thorn.threshold} bits.

## Where it was found
Of ${count(summary.placed.told)} matches whose variant gives the photo's place, **${share(summary.placed.right, summary.placed.told)}** put each side within 2 pixels (or a turn within half a degree), and
${share(summary.placed.near, summary.placed.told)} each corner within a fiftieth of the photo's diagonal. A blind crop or turn reports the cut that was undone, which need not be the one that was made.

${placedTable(summary.placedByVariant)}

${placedTable(summary.placedByFamily)}

## Every edit
${table(
  ['', 'family', ...head.slice(1)],
  edits.map((row) => [row.name, row.family, ...cells(row).slice(1)]),
)}
`;
}
