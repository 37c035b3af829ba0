import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { circumstances, machine } from '../circumstances.js';
import { type BenchContext, NotRun } from '../harness.js';
import { COPIES } from './copies/suite.js';
import { Crew } from './crew.js';
import { hardCases } from './hard-cases.js';
import { hardRows } from './hard-negatives.js';
import { type Entry, POLICY, type QueryResult } from './measure.js';
import { LEAST_SIDE } from './photos.js';
import { type Chosen, chosenFiles, ofFolder, queryJobs, withoutDuplicates } from './plan.js';
import { type Figures, figuresOf, OUTCOMES } from './report/figures.js';
import { distancePlot, recallPlot } from './report/plots.js';
import { foretellings, markdown, percent, type RunFacts } from './report/report.js';
import type { Job } from './worker.js';

/** The run of `bench robustness`, in a file of its own since it stands on sharp. */
export async function runRobustness(context: BenchContext): Promise<void> {
  const { options } = context;
  const { seed = 1, set = 'tuned', photos: folder, quick = false, out } = options;
  if (!Number.isSafeInteger(seed)) throw new RangeError('expected seed to be an integer');
  const chosen = chosenFiles(set, folder);
  for (const line of chosen.missing) context.note(`not installed: ${line}`);
  if (folder === undefined && chosen.fillers.length === 0)
    throw new NotRun('the filler photos are not installed');
  if (chosen.list === 'sealed') {
    context.note('the sealed photos are meant to be run once: code changed after it needs others');
  }
  const { results, hard, entries, fillers, leftOut, duplicates } = await measured(
    chosen,
    seed,
    quick,
  );
  const photos = entries.filter(({ queried }) => queried).map(({ source }) => source);
  const facts: RunFacts = {
    command: [
      `onlyhashes bench robustness --${folder !== undefined ? 'photos DIR' : `set ${chosen.list}`}`,
      `--seed ${seed}${quick ? ' --quick' : ''}`,
      ...(['hash', 'edits'] as const).flatMap((name) => (options[name] ? `--${name} FILE` : [])),
    ].join(' '),
    list: chosen.list,
    quick,
    seed,
    machine: machine(),
    made: circumstances(context),
    photos,
    files: entries.length,
    unrelated: entries.length - photos.length,
    duplicates,
    leftOut,
    fillers: fillers.map(({ source }) => source),
    missing: chosen.missing,
  };
  const figures = figuresOf(results, COPIES, seed);
  const { genuine, unrelated, tails: _, ...rest } = figures;
  const told = { ...rest, foretold: foretellings(figures), hardNegatives: hard };
  Object.assign(context.gathered.figures, { run: facts, ...told });
  summarize(context, figures, facts, results.length);
  if (out === undefined) return context.note('for all figures and a report, add --out DIR');
  write(join(out, chosen.list), {
    'robustness.json': `${JSON.stringify({ ...facts, ...told, counts: { genuine: [...genuine], unrelated: [...unrelated] } }, null, 1)}\n`,
    'robustness.md': markdown(figures, hard, facts),
    ...plots(figures),
  });
  context.note(`the report and its figures are in the folder ${chosen.list}`);
}

/** What a person wants first. */
function summarize(context: BenchContext, figures: Figures, facts: RunFacts, tried: number): void {
  const { families, macro, falsePairs, wrongVerdicts, queries } = figures;
  context.note(
    `${queries} copies of ${facts.photos.length} photos, looked up among ${facts.files} files`,
  );
  if (facts.duplicates > 0) {
    const files = facts.duplicates === 1 ? 'file was' : 'files were';
    context.note(`${facts.duplicates} repeated ${files} left out`);
  }
  const found = (name: string) => macro.find((each) => each.name === name);
  const shown = (name: string) => {
    const { value, low, high } = found(name)!;
    return `${percent(value)} (${percent(low)} to ${percent(high)})`;
  };
  const others = falsePairs.peers.filter(({ pairs }) => pairs > 0);
  context.table(`found, %: the mean of ${families.length} kinds of edit, and its 95 % interval`, [
    { name: 'plain PDQ', match: shown('plain PDQ'), 'or review': undefined },
    { name: 'quick', match: shown('quick, match'), 'or review': shown('quick, or review') },
    { name: 'thorough', match: shown('match'), 'or review': shown('or review') },
    ...others.map(({ name, threshold }) => {
      const outcome = `${name} <= ${threshold}`;
      return { name: outcome, match: shown(outcome), 'or review': undefined };
    }),
  ]);
  context.table('with other files, wrongly', [
    {
      name: 'thorough',
      matches: wrongVerdicts.bare.match,
      reviews: wrongVerdicts.bare.review,
      of: `${tried} copies and photos`,
    },
    ...others.map(({ name, threshold, falsePairs, pairs }) => ({
      name: `${name} <= ${threshold}`,
      matches: falsePairs,
      reviews: undefined,
      of: `${pairs} pairs`,
    })),
  ]);
}

function plots({ genuine, unrelated, families }: Figures): Record<string, string> {
  const at = (wanted: string) => OUTCOMES.findIndex(({ name }) => name === wanted);
  return {
    'distances.svg': distancePlot(genuine, unrelated, 256, POLICY.matchDistance),
    'recall.svg': recallPlot(families, [at('plain PDQ'), at('match'), at('or review')]),
  };
}

/** Hashes all files, then edits, hashes and compares the queried ones, on all cores. */
async function measured(chosen: Chosen, seed: number, quick: boolean) {
  // What else is installed would make the figures of a folder those of one machine.
  const { queried, unrelated } = chosen.list === 'folder' ? { ...chosen, unrelated: [] } : chosen;
  const crew = new Crew(new URL('./bench-worker.js', import.meta.url), { seed });
  try {
    const files = [...queried, ...unrelated];
    const hashing = files.map(
      (file, at): Job => ({ kind: 'hash', file, queried: at < queried.length }),
    );
    const all: Entry[] = [];
    const leftOut: string[] = [];
    for (const answer of await crew.each(hashing, progress('hashing', hashing.length))) {
      if (answer.kind !== 'hash') continue;
      const { entry, side } = answer;
      const isEdited =
        entry.queried && side >= LEAST_SIDE && entry.listed.quality >= POLICY.minQuality;
      if (entry.queried && !isEdited) leftOut.push(entry.source);
      all.push({ ...entry, queried: isEdited });
    }
    const { entries, fillers, duplicates } = chosenOf(all, chosen);
    if (entries.length < 2) throw new NotRun('expected three different photos, or more');
    await crew.all({ kind: 'list', entries, fillers });
    const jobs = queryJobs(entries, files, seed, quick);
    const results: QueryResult[] = [];
    for (const answer of await crew.each(jobs, progress('queries', jobs.length))) {
      if (answer.kind === 'query') results.push(...answer.results);
    }
    const cases = hardCases(queried, COPIES, quick).map((hard): Job => ({ kind: 'hard', hard }));
    const answers = await crew.each(cases, progress('hard negatives', cases.length));
    const hard = hardRows(
      answers.flatMap((answer) => (answer.kind === 'hard' ? answer.result : [])),
    );
    return { results, hard, entries, fillers, leftOut, duplicates };
  } finally {
    await crew.end();
  }
}

/** What is listed, and what stands beside copies. */
function chosenOf(all: readonly Entry[], { list, queried, fillers }: Chosen) {
  if (list !== 'folder') {
    const entries = withoutDuplicates(all, ({ listed }) => listed.bytes.join());
    return { entries, fillers, duplicates: all.length - entries.length };
  }
  const own = ofFolder(all, POLICY.matchDistance);
  const files = queried.filter(({ source }) => own.fillers.includes(source));
  return { entries: own.entries, fillers: files, duplicates: own.left };
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

/** Shows progress and the time left, on a terminal. */
export function progress(what: string, all: number): (done: number) => void {
  const start = performance.now();
  return (done) => {
    if (!process.stderr.isTTY) return;
    const seconds = Math.ceil(((performance.now() - start) / 1000 / done) * (all - done));
    const left =
      done === all ? '\r\x1b[2K' : `\r\x1b[2K${what}: ${done} of ${all}, ${seconds} s left`;
    process.stderr.write(left);
  };
}
