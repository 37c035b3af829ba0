import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Circumstances, circumstances, machine } from '../circumstances.js';
import { type Bench, type BenchContext, partsOf, sizesOf } from '../harness.js';
import type { Target } from '../reporter.js';
import { dataSets, type IndexPart, type IndexRun, JUDGED } from './data.js';
import { faissBuild } from './faiss.js';
import { changesPart, figuresPart } from './figures.js';
import { largePart } from './large.js';
import { latencyPart } from './latency.js';
import { nearPart } from './near.js';
import { type Measured, plotIndex } from './plot.js';
import { racesPart } from './races.js';

const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7];

/** By name, in their order; `large` must be first. */
const PARTS: Record<string, IndexPart> = {
  large: largePart,
  figures: figuresPart,
  changes: changesPart,
  latency: latencyPart,
  near: nearPart,
  races: racesPart,
};

/**
 * `index`: the index beside its rivals, with and without SIMD, on the same hashes and queries.
 * Options: `large` adds ten million; `smallest`, `largest` and `distance` narrow it; `part` names
 * the only part to run; `out` names a folder for `index.json` and the plot `index.svg`. A record
 * that is there, of the same machine, keeps the parts that are not run.
 */
export const hammingBench: Bench = {
  name: 'index',
  ownRecord: true,
  about: 'exact search of PDQ hashes, by list size and distance; half of the queries are planted',
  async run(context) {
    const parts = partsOf(context, PARTS);
    const run = await indexRun(context);
    const { large, part, out } = context.options;
    for (const [name, runPart] of parts) {
      if (name === 'large' && !large && part !== name) continue;
      context.note(`\n  part ${name}`);
      const sections = await runPart(run);
      // After each part, since a run takes long.
      const { targets } = context.gathered;
      if (out !== undefined) record(out, { ...sections, targets }, circumstances(context));
    }
  },
};

async function indexRun(context: BenchContext): Promise<IndexRun> {
  const { large, part, distance } = context.options;
  const { largest = large || part === 'large' ? 1e7 : 1e6 } = context.options;
  const sizes = sizesOf({ ...context.options, largest }, SIZES);
  const faiss = faissBuild();
  context.note(
    faiss
      ? `Faiss ${faiss.version} of ${faiss.packager}, ${faiss.target} build: its own process, one thread`
      : `Faiss is not installed (Debian's python3-faiss)`,
  );
  return {
    context,
    data: await dataSets((text) => context.note(text)),
    faiss,
    sizes,
    usual: Math.min(JUDGED, largest),
    large: Math.min(1e7, largest),
    distance,
  };
}

/** Sections of the same name: figures of both, or else the later one. */
function joined(before: unknown, value: unknown): unknown {
  const isObject = (it: unknown) => typeof it === 'object' && it !== null && !Array.isArray(it);
  return isObject(before) && isObject(value) ? Object.assign({}, before, value) : value;
}

/** Writes the sections of this run, and keeps those of an earlier one on the same machine. */
function record(
  folder: string,
  sections: Readonly<Record<string, unknown>>,
  made: Circumstances,
): void {
  const path = join(folder, 'index.json');
  const here = machine();
  const found: Record<string, unknown> = existsSync(path)
    ? JSON.parse(readFileSync(path, 'utf8'))
    : {};
  const all = isDeepStrictEqual(found.machine, here) ? found : { machine: here };
  for (const [name, value] of Object.entries(sections)) {
    all.made = Object.assign({}, all.made, { [name]: made });
    all[name] = name === 'targets' ? judged(all[name], value) : joined(all[name], value);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`);
  if (all.measured) writeFileSync(join(folder, 'index.svg'), plotIndex(all.measured as Measured[]));
}

/** Targets of both runs; those that were judged again are the later run's. */
function judged(before: unknown, after: unknown): Target[] {
  const now = after as Target[];
  const kept = ((before ?? []) as Target[]).filter(
    ({ name }) => !now.some((target) => target.name === name),
  );
  return [...kept, ...now];
}
