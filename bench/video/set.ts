import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inFolder } from '../folder.js';
import { type BenchContext, NotRun } from '../harness.js';
import { Program } from '../programs/programs.js';
import type { PhotoFile } from '../robustness/photo-lists.js';
import { chosenFiles } from '../robustness/plan.js';
import { progress } from '../robustness/run.js';
import { type Clip, clipsIn, KINDS, roundsOf, shuffled, unrelatedClips } from './clips.js';
import type { CopiesJob, CopiesSetup, CopyResult, ListedClip } from './copies-program.js';
import { EDITS } from './edits.js';
import { fixture } from './making.js';
import { inPercent, rowsBy, rowsByEdit, wrongPairs } from './report.js';

/** Made clips that are copied. */
const CLIPS = 4;
/** For each of them, so many unrelated clips are listed. */
const UNRELATED = 20;
/** Clips that are on no list, to stand beside another in a copy. */
const FILLERS = 3;

/** The clips that are copied, in rounds of clips that are unrelated. */
interface Group {
  readonly name: string;
  readonly rounds: readonly (readonly Clip[])[];
}

/** Clips in files that are there: each is a round, as two may show the same. */
function filedGroups(): Group[] {
  const folders = { 'clips of fixtures/vpdq': fixture('vpdq/clips') };
  const { PDQ_REFERENCE_DATA: data } = process.env;
  const all = { ...folders, ...(data && { "Meta's clips": join(data, 'vpdq/clips') }) };
  return Object.entries(all)
    .filter(([, path]) => existsSync(path))
    .map(([name, path]) => ({ name, rounds: clipsIn(path).map((clip) => [clip]) }));
}

/**
 * Copies of videos that are made of the photos of a list, which are few. The sealed list is run
 * once.
 * @param script that runs the program `copies`
 */
export async function runSet(context: BenchContext, script: URL): Promise<object> {
  const { set = 'tuned', photos: own, clips = CLIPS } = context.options;
  const { list, queried, unrelated, missing } = chosenFiles(set, own);
  for (const line of missing) context.note(`not installed: ${line}`);
  if (list === 'sealed') context.note('the sealed photos are meant to be run once');
  const made = await runGroups(context, script, unrelated, (folder, seed) => [
    { name: `made of ${list} photos`, rounds: roundsOf(queried, clips, seed, folder) },
  ]);
  return { set: list, photos: queried.length, missing, ...made };
}

/** Copies of videos that are there: those of the fixtures, and the reference's if they are there. */
export async function runFiles(context: BenchContext, script: URL): Promise<object> {
  const { unrelated, missing } = chosenFiles('tuned', undefined);
  return { missing, ...(await runGroups(context, script, unrelated, filedGroups)) };
}

/** Unrelated clips that are uploaded, and two copies of each: one is decoded a second time. */
const PAIRED = 150;
const PAIRED_EDITS = ['encoded at a middle rate', '9:16, blurred bars'];

/** Each of many unrelated clips, looked up among all others. */
export async function runPairs(context: BenchContext, script: URL): Promise<object> {
  const { seed = 1, clips: most = PAIRED, photos: own } = context.options;
  const { unrelated: photos, missing } = chosenFiles('tuned', own);
  for (const line of missing) context.note(`not installed: ${line}`);
  return await inFolder(async (folder) => {
    const clips = unrelatedClips(photos, most, seed, folder);
    if (clips.length < 2) throw new NotRun('needs photos of other lists');
    const crew = await Crew.start(script, { program: 'copies', seed, folder });
    try {
      const lists = clips.map((clip) => ({ kind: 'list', clip, isKept: true }) as const);
      const listed = (await crew.each(lists, 'clips')) as ListedClip[];
      await crew.all({ kind: 'beside', clips: listed });
      const jobs = clips.map(
        (clip): CopiesJob => ({
          ...{ kind: 'copies', clip, round: [], edits: PAIRED_EDITS },
          filler: clips[0]!.path,
        }),
      );
      const answers = (await crew.each(jobs, 'clips copied')) as CopyResult[][];
      const results = answers.flat();
      const clipsCopied = answers.filter(Boolean).length;
      if (clipsCopied === 0) throw new NotRun('it was stopped before a clip was copied');
      const rows = rowsByEdit(results);
      context.table('copies found, in percent', rows.map(inPercent));
      const facts = { seed, missing, clips: clips.length, clipsCopied };
      return { ...facts, rows, wrong: wrongIn(context, results) };
    } finally {
      await crew.end();
    }
  });
}

/** Copies of the clips of some groups, looked up among unrelated clips. */
async function runGroups(
  context: BenchContext,
  script: URL,
  photos: readonly PhotoFile[],
  groupsIn: (folder: string, seed: number) => readonly Group[],
): Promise<object> {
  const { seed = 1, clips = CLIPS } = context.options;
  // Clips of the fixtures are made of these photos, too.
  const others = photos.filter(({ source }) => !source.startsWith('@stdlib/'));
  if (others.length <= FILLERS) throw new NotRun('needs photos of other lists');
  return await inFolder(async (folder) => {
    const groups = groupsIn(folder, seed);
    const crew = await Crew.start(script, { program: 'copies', seed, folder });
    try {
      const measured = await measure(crew, groups, others, clips, seed, folder);
      const { unrelated, done, all } = measured;
      if (done < all) context.note(`stopped after ${done} of ${all} clips`);
      const facts = { seed, unrelatedClips: unrelated, clipsCopied: done, clipsWanted: all };
      return { ...facts, ...reported(context, measured) };
    } finally {
      await crew.end();
    }
  });
}

interface Measured {
  readonly unrelated: number;
  /** clips that were copied, of all: fewer if the run was stopped */
  readonly done: number;
  readonly all: number;
  readonly groups: readonly { readonly name: string; readonly results: readonly CopyResult[] }[];
  readonly kinds: ReadonlyMap<string, Clip['kind']>;
}

async function measure(
  crew: Crew,
  groups: readonly Group[],
  photos: readonly PhotoFile[],
  count: number,
  seed: number,
  folder: string,
): Promise<Measured> {
  const beside = unrelatedClips(photos, FILLERS + UNRELATED * count, seed, folder);
  const [fillers, unrelated] = [beside.slice(0, FILLERS), beside.slice(FILLERS)];
  const copied = groups.flatMap(({ rounds }) => rounds.flat());
  const listing = (isKept: boolean) => (clip: Clip) => ({ kind: 'list', clip, isKept }) as const;
  const lists = [...[...fillers, ...copied].map(listing(true)), ...unrelated.map(listing(false))];
  const listed = (await crew.each(lists, 'clips')) as ListedClip[];
  await crew.all({ kind: 'beside', clips: listed.slice(fillers.length + copied.length) });
  const byId = new Map(listed.map((clip) => [clip.id, clip]));
  const jobs = groups.flatMap(({ name, rounds }) =>
    rounds.flatMap((round) =>
      round.map((clip, at) => ({
        name,
        job: {
          ...{ kind: 'copies', clip, filler: fillers[at % FILLERS]!.path },
          round: round.flatMap((other) => (other === clip ? [] : byId.get(other.id)!)),
        } satisfies CopiesJob,
      })),
    ),
  );
  // Long and short clips in any order, so that the last ones are not all long.
  const mixed = shuffled(jobs, seed, 'jobs');
  const answers = await crew.each(
    mixed.map(({ job }) => job),
    'clips copied',
  );
  const results = mixed.map(({ name }, at) => ({
    ...{ name, own: (answers[at] ?? []) as CopyResult[] },
  }));
  const done = results.filter(({ own }) => own.length > 0).length;
  if (done === 0) throw new NotRun('it was stopped before a clip was copied');
  return {
    ...{ unrelated: unrelated.length, done, all: jobs.length },
    groups: groups.map(({ name }) => ({
      name,
      results: results.flatMap((each) => (each.name === name ? each.own : [])),
    })),
    kinds: new Map(copied.map(({ id, kind }) => [id, kind])),
  };
}

/** Prints what was found, judged by the project's own targets, and gathers it for the record. */
function reported({ figure, note, table }: BenchContext, { groups, kinds }: Measured) {
  const leasts = new Map(EDITS.map(({ name, least }) => [name, least]));
  const kindOf = ({ clip }: CopyResult) => kinds.get(clip)!;
  const begun = groups.filter(({ results }) => results.length > 0);
  const told = begun.map(({ name, results }) => {
    const clips = new Set(results.map(({ clip }) => clip)).size;
    const rows = rowsByEdit(results);
    table(`${name}: ${clips} clips, copies found, in percent`, rows.map(inPercent));
    const isMade = kinds.get(results[0]!.clip) !== 'as it is';
    const byKind = isMade ? rowsBy(results, kindOf) : [];
    const moving = rowsByEdit(results.filter((result) => kindOf(result) !== 'talking still'));
    if (isMade) {
      byKind.sort((a, b) => KINDS.indexOf(a.edit as never) - KINDS.indexOf(b.edit as never));
      table(`${name}: all edits, by the kind of clip`, byKind.map(inPercent));
      table(`${name}: without talking stills`, moving.map(inPercent));
      for (const { edit, match } of rows) {
        const least = leasts.get(edit);
        if (least !== undefined) figure(`${edit}: share that matches`, match, { atLeast: least });
      }
    }
    return { name, clips, rows, ...(isMade && { byKind, moving }) };
  });
  return {
    groups: told,
    wrong: wrongIn(
      { figure, note },
      groups.flatMap(({ results }) => results),
    ),
  };
}

/** Prints how many unrelated clips were found. */
function wrongIn(
  { figure, note }: Pick<BenchContext, 'figure' | 'note'>,
  results: readonly CopyResult[],
) {
  const wrong = wrongPairs(results);
  const { copies, clips } = wrong;
  figure('pairs of a copy and an unrelated listed clip', copies.pairs);
  figure('wrong matches of them', copies.matches, { atMost: 0 });
  figure('wrong reviews of them', copies.reviews);
  figure('pairs of unrelated clips', clips.pairs, { atLeast: 10_000 });
  figure('pairs of clips with a wrong match', clips.matches, { atMost: 0 });
  figure('wrong matches per million of them, at most (95 %)', clips.perMillionAtMost);
  for (const [rule, count] of Object.entries(wrong.others)) figure(`wrong by ${rule}`, count);
  for (const { clip, edit, other } of wrong.named) note(`WRONG: ${clip}, ${edit}: ${other}`);
  return wrong;
}

/** Processes on all cores, each with one job at a time. After SIGINT, they begin no further one. */
class Crew {
  #isStopped = false;
  readonly #stop = () => {
    this.#isStopped = true;
  };

  private constructor(readonly programs: readonly Program[]) {
    process.once('SIGINT', this.#stop);
  }

  static async start(script: URL, setup: CopiesSetup): Promise<Crew> {
    const size = Math.max(1, availableParallelism());
    const started = Array.from({ length: size }, () => Program.start(script, setup));
    return new Crew((await Promise.all(started)).map(([program]) => program));
  }

  /** The answers, in the order of the jobs; none to those that were not begun. */
  async each(jobs: readonly CopiesJob[], what: string): Promise<unknown[]> {
    const answers: unknown[] = [];
    const step = progress(what, jobs.length);
    let [next, done] = [0, 0];
    const work = this.programs.map(async (program) => {
      while (next < jobs.length && !this.#isStopped) {
        const at = next++;
        answers[at] = await program.ask(jobs[at]);
        step(++done);
      }
    });
    await Promise.all(work);
    return answers;
  }

  async all(job: CopiesJob): Promise<void> {
    await Promise.all(this.programs.map((program) => program.ask(job)));
  }

  async end(): Promise<void> {
    process.off('SIGINT', this.#stop);
    await Promise.all(this.programs.map((program) => program.end()));
  }
}
