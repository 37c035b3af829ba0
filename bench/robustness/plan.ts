import { NotRun } from '../harness.js';
import { COPIES } from './copies/suite.js';
import { type Entry, numberOf } from './measure.js';
import {
  fillerPhotos,
  installCommands,
  listsBeside,
  PHOTO_LISTS,
  type PhotoFile,
  type PhotoListName,
  photoList,
  photosIn,
  unrelatedPhotos,
} from './photo-lists.js';
import type { Job } from './worker.js';

/** Of the pairs of photo and edit, `quick` takes one in so many. */
const QUICK = 8;
/** Edits in one job: few, so that no worker is idle at the end. */
const EDITS_PER_JOB = 16;

/** The files of a run. */
export interface Chosen {
  readonly list: string;
  readonly queried: readonly PhotoFile[];
  readonly unrelated: readonly PhotoFile[];
  readonly fillers: readonly PhotoFile[];
  readonly missing: readonly string[];
}

/**
 * A list, and every photo of the other open lists to compare it with. Only a run of the sealed list
 * touches that one.
 */
export function chosenFiles(name: string, folder: string | undefined): Chosen {
  const lists = new Map(listsBeside(name).map((list) => [list, photoList(list)]));
  const fillers = fillerPhotos();
  const rest = unrelatedPhotos();
  const list =
    folder === undefined ? lists.get(name as PhotoListName) : { files: photosIn(folder) };
  if (list === undefined) throw new RangeError(`expected a set: ${PHOTO_LISTS.join(', ')}`);
  const others = [...lists.values()].filter((other) => other !== list);
  const found = [...lists.values(), fillers, rest];
  const missing = installCommands(found.flatMap(({ missing }) => missing));
  if (list.files.length < 2) {
    if (folder !== undefined) throw new RangeError('expected at least two photos in the folder');
    const needs = 'needs at least two photos of the set, from packages that are not installed';
    throw new NotRun([`${needs}; to measure as the records did:`, ...missing].join('\n  '));
  }
  return {
    list: folder === undefined ? name : 'folder',
    queried: list.files,
    unrelated: [...others, rest].flatMap(({ files }) => files),
    fillers: fillers.files,
    missing,
  };
}

/**
 * Every file as it is, and all edits of each queried one: an eighth of both if `quick`. A worker
 * skips the pairs whose edit does not apply to the photo, which only it has opened.
 */
export function queryJobs(
  entries: readonly Entry[],
  files: readonly PhotoFile[],
  seed: number,
  quick: boolean,
): Job[] {
  const pathOf = new Map(files.map((file) => [file.source, file]));
  const photos = entries.filter(({ queried }) => queried).map(({ source }) => source);
  const order = (edit: number) => (source: string) => numberOf(`${seed} ${edit} ${source}`);
  const taken = COPIES.map((_, edit) => {
    if (!quick) return new Set(photos);
    const rank = order(edit);
    const sorted = [...photos].sort((a, b) => rank(a) - rank(b));
    return new Set(sorted.slice(0, Math.ceil(photos.length / QUICK)));
  });
  const jobs: Job[] = [];
  for (const [at, { source, queried }] of entries.entries()) {
    const file = pathOf.get(source)!;
    const edits = COPIES.flatMap((_, edit) => (queried && taken[edit]!.has(source) ? edit : []));
    if (!quick || at % QUICK === 0) edits.unshift(-1);
    for (let start = 0; start < edits.length; start += EDITS_PER_JOB) {
      jobs.push({ kind: 'query', file, edits: edits.slice(start, start + EDITS_PER_JOB) });
    }
  }
  return jobs;
}

/** Pictures with distinct hashes. Exact duplicates would count as false pairs. */
export function withoutDuplicates<T>(pictures: readonly T[], hashOf: (picture: T) => string): T[] {
  const seen = new Set<string>();
  return pictures.filter((picture) => {
    const hash = hashOf(picture);
    return !seen.has(hash) && seen.add(hash);
  });
}
