import { count, figure, percent, type RunFacts, table } from './report.js';
import type { Run } from './runs.js';
import type { Summary } from './summary.js';

/** Every algorithm and profile side by side, as figures and as a report in Markdown. */
export function comparison(summaries: readonly { run: Run; summary: Summary }[], facts: RunFacts) {
  const rows = summaries.map(({ run, summary }) => {
    const { thresholds, falsePairs, falseQueries } = summary;
    const match = thresholds.indexOf(run.matchDistance);
    const review = thresholds.indexOf(run.reviewDistance);
    return {
      ...run,
      macroRecall: summary.macroRecall,
      recall: summary.all.recall[match],
      reviewRecall: summary.all.recall[review],
      falsePairs: falsePairs[match]!,
      falseQueries: falseQueries[match]!,
      falseReviewPairs: falsePairs[review]!,
      auc: summary.auc,
      thorn: summary.thorn,
      hashes: summary.hashes,
      milliseconds: summary.milliseconds,
      families: summary.families.map(({ name, recall }) => ({ name, recall: recall[match] })),
    };
  });
  const called = ({ algorithm, bits }: Run) =>
    algorithm === 'pdq' ? 'pdq' : `${algorithm} ${bits}`;
  const families = rows[0]?.families.map(({ name }) => name) ?? [];
  const text = `# Robustness by algorithm and profile

\`${facts.command}\` · ${Object.entries(facts.machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')}

${count(summaries[0]?.summary.all.queries ?? 0)} edited photos: ${summaries[0]?.summary.edits.length} edits of ${facts.queried.photos} whole photos, searched for among ${facts.listed.photos} photos, tiles of photos included, by the hash
of each one's unaltered pixels. ${facts.split}

Each algorithm is measured at its default match distance, which was set by its false pairs. Recall is in percent. False pairs are per
million pairs of a variant and an unrelated photo, and of a query and one, each with the upper end of its 95 % interval. Time is without decoding, with all cores busy.

${table(
  [
    '',
    'profile',
    'bits',
    'macro recall',
    'all',
    'false per million',
    'at most',
    'false by query',
    'at most',
    'at 99.99 % precision',
    'hashes',
    'ms',
  ],
  rows.map((row) => [
    called(row),
    row.profile,
    `<= ${row.matchDistance}`,
    percent(row.macroRecall, 1),
    percent(row.recall ?? 0, 1),
    figure(row.falsePairs.perMillion),
    figure(row.falsePairs.perMillionAtMost),
    figure(row.falseQueries.perMillion),
    figure(row.falseQueries.perMillionAtMost),
    `${percent(row.thorn.recall, 1)} <= ${row.thorn.threshold}`,
    row.hashes.mean.toFixed(1),
    row.milliseconds.median.toFixed(1),
  ]),
)}

## Recall by family

${table(
  ['', ...rows.map((row) => `${called(row)} ${row.profile}`)],
  families.map((family, at) => [
    family,
    ...rows.map((row) => percent(row.families[at]?.recall ?? 0)),
  ]),
)}
`;
  return { rows, text };
}
