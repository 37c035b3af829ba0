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
import { type Chosen, chosenFiles, queryJobs, withoutDuplicates } from './plan.js';
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
  if (chosen.fillers.length === 0) throw new NotRun('the filler photos are not installed');
  if (chosen.list === 'sealed') {
    context.note('the sealed photos are meant to be run once: code changed after it needs others');
  }
  const { results, hard, entries, leftOut, duplicates } = await measured(chosen, seed, quick);
  const photos = entries.filter(({ queried }) => queried).map(({ source }) => source);
  const facts: RunFacts = {
    command: `onlyhashes bench robustness --${folder !== undefined ? 'photos DIR' : `set ${chosen.list}`} --seed ${seed}${quick ? ' --quick' : ''}`,
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
    fillers: chosen.fillers.map(({ source }) => source),
    missing: chosen.missing,
  };
  const figures = figuresOf(results, COPIES, seed);
  const { genuine, unrelated, tails: _, ...rest } = figures;
  const told = { ...rest, foretold: foretellings(figures), hardNegatives: hard };
  context.figure('run', facts);
  for (const [name, value] of Object.entries(told)) context.figure(name, value);
  for (const { name, value, low, high } of figures.macro) {
    context.note(
      `${name}: ${percent(value, 1)} % (${percent(low, 1)} to ${percent(high, 1)}), mean over families`,
    );
  }
  if (out === undefined) return;
  write(join(out, chosen.list), {
    'robustness.json': `${JSON.stringify({ ...facts, ...told, counts: { genuine: [...genuine], unrelated: [...unrelated] } }, null, 1)}\n`,
    'robustness.md': markdown(figures, hard, facts),
    ...plots(figures),
  });
  context.note(`the report and its figures are in the folder ${chosen.list}`);
}

function plots({ genuine, unrelated, families }: Figures): Record<string, string> {
  const at = (wanted: string) => OUTCOMES.findIndex(({ name }) => name === wanted);
  return {
    'distances.svg': distancePlot(genuine, unrelated, 256, POLICY.matchDistance),
    'recall.svg': recallPlot(families, [at('plain PDQ'), at('match'), at('or review')]),
  };
}

/** Hashes all files, then edits, hashes and compares the queried ones, on all cores. */
async function measured({ queried, unrelated, fillers }: Chosen, seed: number, quick: boolean) {
  const crew = new Crew(new URL('./bench-worker.js', import.meta.url), { seed, fillers });
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
    const entries = withoutDuplicates(all, ({ listed }) => listed.bytes.join());
    await crew.all({ kind: 'list', entries });
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
    return { results, hard, entries, leftOut, duplicates: all.length - entries.length };
  } finally {
    await crew.end();
  }
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
