import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { hashVideo } from '../../src/node/video/hash-video.js';
import { readVpdq, writeVpdq } from '../../src/text/vpdq.js';
import { entriesOfVideo } from '../../src/video/video.js';
import { type Clip, chanceOf, makeClip } from './clips.js';
import {
  decide,
  decideAsOthers,
  isFoundAsVideo,
  type Judged,
  judged,
  OTHERS,
  type OtherRule,
  wrongVideos,
} from './decide.js';
import { EDITS, makeCopy } from './edits.js';

/** What starts a process that makes copies and looks them up. */
export interface CopiesSetup {
  readonly program: 'copies';
  readonly seed: number;
  readonly folder: string;
}

/** A clip as a list has it: the frames in the text of vPDQ. */
export interface ListedClip {
  readonly id: string;
  readonly frames: string;
}

export type CopiesJob =
  /** makes a clip, if it is not there, and hashes it as a list does; `isKept` for its file */
  | { readonly kind: 'list'; readonly clip: Clip; readonly isKept: boolean }
  /** clips that are listed beside each one that is copied */
  | { readonly kind: 'beside'; readonly clips: readonly ListedClip[] }
  /** makes all copies of a clip, or those of some edits, and looks them up */
  | {
      readonly kind: 'copies';
      readonly clip: Clip;
      /** the others of its round */
      readonly round: readonly ListedClip[];
      readonly filler: string;
      readonly edits?: readonly string[];
    };

/** What came of one copy. */
export interface CopyResult extends Judged {
  readonly clip: string;
  readonly edit: string;
  readonly others: Readonly<Record<OtherRule, boolean>>;
  readonly wrongOthers: Readonly<Record<OtherRule, number>>;
  /** unrelated videos on the list */
  readonly unrelated: number;
}

/** Answers jobs until its parent ends. */
export function makeCopies({ seed, folder }: CopiesSetup): void {
  let beside: BlocklistEntry[] = [];
  let besides = 0;
  const answer = async (job: CopiesJob): Promise<unknown> => {
    if (job.kind === 'list') return await listed(job.clip, job.isKept, seed);
    if (job.kind === 'beside') {
      beside = await entriesOf(job.clips);
      besides = job.clips.length;
      return [];
    }
    const others = beside.filter(({ id }) => id !== job.clip.id);
    const entries = [...others, ...(await entriesOf(job.round))];
    const unrelated = besides - (others.length < beside.length ? 1 : 0) + job.round.length;
    const edits = EDITS.filter(({ name }) => job.edits?.includes(name) ?? true);
    return await copiesOf(job.clip, job.filler, entries, unrelated, seed, folder, edits);
  };
  // At Ctrl+C the parent waits for the jobs that have begun.
  process.on('SIGINT', () => {});
  process.on('message', (job: CopiesJob) => {
    answer(job).then(
      (said) => process.send?.(said as object),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
}

async function listed(clip: Clip, isKept: boolean, seed: number): Promise<ListedClip> {
  if (clip.photos.length > 0) await makeClip(clip, seed, isKept);
  const { frames } = await hashVideo(clip.path);
  if (!isKept) rmSync(clip.path);
  return { id: clip.id, frames: writeVpdq(frames) };
}

async function entriesOf(clips: readonly ListedClip[]): Promise<BlocklistEntry[]> {
  const all: BlocklistEntry[] = [];
  for (const { id, frames } of clips) {
    all.push(...entriesOfVideo({ frames: await readVpdq(frames) }, { id }));
  }
  return all;
}

/** Makes and looks up all copies of one clip. */
export async function copiesOf(
  { id, path }: Clip,
  filler: string,
  beside: readonly BlocklistEntry[],
  unrelated: number,
  seed: number,
  folder: string,
  edits = EDITS,
): Promise<CopyResult[]> {
  const list = createBlocklist([...beside, ...entriesOfVideo(await hashVideo(path), { id })]);
  const shown = await hashVideo(path, { frames: 'query', queryRate: 1 });
  const results: CopyResult[] = [];
  for (const [at, edit] of edits.entries()) {
    const random = chanceOf(seed, 'copy', id, edit.name);
    const base = join(folder, `copy-${process.pid}-${at}`);
    const copy = await makeCopy(edit, { ...shown, path }, filler, base, random);
    const decision = await decide(copy, list);
    const byOthers = await decideAsOthers(copy, list);
    rmSync(copy);
    const ofOthers = <T>(of: (rule: OtherRule) => T) =>
      Object.fromEntries(OTHERS.map((rule) => [rule, of(rule)])) as Record<OtherRule, T>;
    results.push({
      ...{ clip: id, edit: edit.name, ...judged(decision, id), unrelated },
      others: ofOthers((rule) => isFoundAsVideo(byOthers[rule], id)),
      wrongOthers: ofOthers((rule) => wrongVideos(byOthers[rule], id)),
    });
  }
  return results;
}
