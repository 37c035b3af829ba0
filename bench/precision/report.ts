import type { Circumstances } from '../circumstances.js';
import { poissonInterval } from '../robustness/report/metrics.js';
import { picture, text, WIDTH } from '../robustness/report/plots.js';
import { count, madeOf, table } from '../robustness/report/report.js';
import { DISTANCES, type Figures, type KindRow, type Rate } from './figures.js';
import { LAST, NAMED } from './pairs.js';

/** Facts about the run, for the report. */
export interface RunFacts {
  readonly command: string;
  readonly seed: number;
  readonly quick: boolean;
  readonly machine: Record<string, string | number>;
  readonly made: Circumstances;
  readonly uploads: number;
  readonly hashesPerUpload: number;
  readonly entries: number;
  readonly listCrops: number;
  /** by collection */
  readonly photos: Readonly<Record<string, number>>;
  readonly duplicates: number;
  /** near copies of one collection: their pairs are not counted */
  readonly series: readonly (readonly string[])[];
  readonly unreadable: readonly string[];
  readonly missing: readonly string[];
}

const short = (value: number) =>
  value === 0 || (value >= 0.01 && value < 1e5)
    ? String(Number(value.toPrecision(2)))
    : value.toExponential(1);

const shown = ({ value, low, high }: Rate) =>
  value === 0 ? `<= ${short(high)}` : `${short(value)} (${short(low)} - ${short(high)})`;

/** The most files and pairs that are named. */
const MOST = 60;

const kindTable = (rows: readonly (Omit<KindRow, 'counts'> & { uploads?: number })[]) =>
  table(
    rows.map(({ name, uploads, pairs, within, files, clusters, perMillion }) => ({
      name,
      ...(uploads !== undefined && { photos: uploads }),
      pairs: count(pairs),
      ...Object.fromEntries(DISTANCES.map((bits, at) => [`<= ${bits}`, count(within[at]!)])),
      files,
      clusters,
      'per million': shown(perMillion),
    })),
  );

/** The report in Markdown. The curve is a file beside it. */
export const markdown = (figures: Figures, facts: RunFacts): string => `# Unrelated pairs

\`${facts.command}\` · ${Object.entries(facts.machine)
  .map(([name, value]) => `${name} ${value}`)
  .join(' · ')}${madeOf({ ...facts.made, busy: false })}

${count(facts.uploads)} uploads with ${facts.hashesPerUpload.toFixed(0)} hashes each (\`thorough\`), ${count(facts.entries)} photos on the list, with ${count(facts.listCrops)} list crops. ${facts.duplicates} exact duplicates were left out, and pairs of near copies: files of one collection within 31 bits, in ${facts.series.length} series, named below.${facts.unreadable.length > 0 ? ` ${facts.unreadable.length} files could not be read: ${facts.unreadable.join(', ')}.` : ''}${facts.missing.length > 0 ? ` Not installed: ${facts.missing.map((line) => `\`${line}\``).join(', ')}.` : ''}
Limits are of 95 %, as if pairs of files were independent; those of one cluster, which has all files that near pairs connect, are not. "Files" and "clusters" are of the pairs within ${NAMED} bits.

## Pairs

An upload and an entry, by the nearest of the upload's hashes, before any is moved.

${kindTable(figures.kinds)}

![pairs within each distance](precision.svg)

The bands of list crops are too narrow where several crops of one photo are near.

## Pairs of one collection

${kindTable(figures.collections)}

## Decisions

Wrong entries of all decisions by the default policy at each length of list, moves included, and those to expect in 1,000 uploads. Entries with parts are compared up to 60 bits, however long the list.

${table(
  figures.decisions.flatMap(({ name, isMixed, match, review }) =>
    match.inThousandUploads.map((matches, at) => ({
      name,
      pairs: isMixed ? 'mixed' : 'one collection',
      entries: matches.size.toExponential(0).replace('+', ''),
      matches: match.entries,
      reviews: review.entries,
      uploads: review.uploads,
      clusters: review.clusters,
      'matches of 1,000': shown(matches),
      'reviews of 1,000': shown(review.inThousandUploads[at]!),
    })),
  ),
)}

## To be looked at

The nearest pairs of files, which should be unrelated: a copy among them is no false pair.

${table(
  figures.near.slice(0, MOST).map(({ files, distance, kind, tier }) => ({
    files: files.join(' · '),
    bits: distance,
    pair: kind,
    'at worst': tier,
  })),
)}

Clusters of three files or more: ${named(figures.clusters.filter(({ length }) => length > 2))}

Series of near copies: ${named(facts.series)}

Collections: ${Object.entries(facts.photos)
  .map(([name, files]) => `${name} ${files}`)
  .join(', ')}.
`;

const named = (groups: readonly (readonly string[])[]) =>
  groups.length === 0
    ? 'none.'
    : `${groups
        .slice(0, MOST)
        .map((files) => `\n- ${files.slice(0, 20).join(' · ')}${files.length > 20 ? ' …' : ''}`)
        .join('')}`;

const COLOURS = ['#2a6fbb', '#9cc3e6', '#c2543d', '#e0a090', '#3a7d44', '#8a6bb0'];
const FIRST = 40;

/**
 * Pairs within each distance, per million, on a logarithmic axis, and their 95 % limits as a band;
 * where nothing was counted, the band alone. Two files count as two pairs: list crops of one photo
 * may be near together, and their band is then too narrow.
 */
export function curve(rows: readonly KindRow[]): string {
  const [left, top, height] = [60, 20, 440];
  const [right, bottom] = [WIDTH - 20, height - 60];
  const lines = rows
    .filter(({ pairs }) => pairs > 0)
    .map(({ name, pairs, counts }) => ({
      name,
      points: Array.from({ length: LAST - FIRST + 1 }, (_, step) => {
        const within = counts.slice(0, FIRST + step + 1).reduce((a, b) => a + b, 0);
        // Two files are two pairs, as either may be the upload.
        const [low, high] = poissonInterval(Math.ceil(within / 2)).map((n) => (2e6 * n) / pairs);
        return { value: (1e6 * within) / pairs, low: low!, high: high! };
      }),
    }));
  const least = Math.min(...lines.flatMap(({ points }) => points.map(({ high }) => high)));
  const most = Math.max(...lines.flatMap(({ points }) => points.map(({ high }) => high)));
  const [floor, ceiling] = [Math.floor(Math.log10(least)) - 1, Math.ceil(Math.log10(most))];
  const x = (step: number) => (left + (step / (LAST - FIRST)) * (right - left)).toFixed(1);
  const y = (value: number) => {
    const share = (Math.log10(Math.max(value, 10 ** floor)) - floor) / (ceiling - floor);
    return (bottom - share * (bottom - top)).toFixed(1);
  };
  const parts: string[] = [];
  for (let power = floor; power <= ceiling; power++) {
    const at = y(10 ** power);
    parts.push(
      `<line x1="${left}" x2="${right}" y1="${at}" y2="${at}" stroke="#ddd"/>`,
      text(
        left - 6,
        Number(at) + 4,
        power < -3 ? `1e${power}` : `${10 ** power}`,
        'text-anchor="end"',
      ),
    );
  }
  for (let bits = FIRST; bits <= LAST; bits += 10) {
    parts.push(text(Number(x(bits - FIRST)), bottom + 16, String(bits), 'text-anchor="middle"'));
  }
  for (const [at, { name, points }] of lines.entries()) {
    const colour = COLOURS[at]!;
    const upper = points.map(({ high }, step) => `${x(step)},${y(high)}`);
    const lower = points.map(({ low }, step) => `${x(step)},${y(low)}`).reverse();
    const seen = points.flatMap(({ value }, step) => (value > 0 ? [`${x(step)},${y(value)}`] : []));
    parts.push(
      `<polygon points="${[...upper, ...lower].join(' ')}" fill="${colour}" fill-opacity="0.1"/>`,
      `<polyline points="${seen.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<rect x="${left + 10}" y="${top + 8 + 18 * at}" width="12" height="12" fill="${colour}"/>`,
      text(left + 28, top + 18 + 18 * at, name),
    );
  }
  parts.push(
    text(WIDTH / 2, bottom + 34, 'distance in bits', 'text-anchor="middle"'),
    text(left, bottom + 50, 'pairs within it, per million, and the 95 % limits'),
  );
  return picture(height, 'Unrelated pairs by distance', parts);
}
