import { differingBits } from '../../src/hash.js';
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
  /** to stand beside copies; empty for a folder, whose own are chosen once they are hashed */
  readonly fillers: readonly PhotoFile[];
  readonly missing: readonly string[];
}

/** The photos of the tuned list that are among the dependencies and may be handed on. */
export const OPEN = 'open';
const isOpen = (text: string) => text.includes('@stdlib/');

/**
 * A list, and every photo of the other open lists to compare it with. Only a run of the sealed list
 * touches that one. A run of `open` reads nothing else, so that it is the same on each machine.
 */
export function chosenFiles(name: string, folder: string | undefined): Chosen {
  if (name === OPEN && folder === undefined) return openFiles();
  const lists = new Map(listsBeside(name).map((list) => [list, photoList(list)]));
  const own = folder === undefined ? undefined : { files: photosIn(folder) };
  const fillers = own ? { files: [], missing: [] } : fillerPhotos();
  const rest = unrelatedPhotos();
  const list = own ?? lists.get(name as PhotoListName);
  if (list === undefined) throw new RangeError(`expected a set: ${PHOTO_LISTS.join(', ')}`);
  const others = [...lists.values()].filter((other) => other !== list);
  const found = own ? [] : [...lists.values(), fillers, rest];
  const missing = installCommands(found.flatMap(({ missing }) => missing));
  if (list.files.length < 2) {
    if (own) throw new RangeError('expected at least three photos in the folder');
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

function openFiles(): Chosen {
  const [list, fillers] = [photoList('tuned'), fillerPhotos()];
  const missing = installCommands([...list.missing.filter(isOpen), ...fillers.missing]);
  if (missing.length > 0) throw new NotRun(`needs its photos:\n  ${missing.join('\n  ')}`);
  const queried = list.files.filter(({ source }) => isOpen(source));
  return { list: OPEN, queried, unrelated: [], fillers: fillers.files, missing };
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

/** Of the pictures of a folder, one in so many is listed nowhere, and stands beside copies. */
const FILLERS = 4;

/**
 * The entries of a folder, and its fillers. Two files that show one photo are one entry: a match of
 * both would count as wrong.
 */
export function ofFolder(pictures: readonly Entry[], distance: number) {
  const distinct: Entry[] = [];
  for (const one of pictures) {
    const bits = (other: Entry) => differingBits(hashOf(one), hashOf(other));
    if (distinct.every((other) => bits(other) > distance)) distinct.push(one);
  }
  const own = distinct.filter(({ queried }) => queried);
  const isFiller = (entry: Entry) => entry.queried && own.indexOf(entry) % FILLERS === 0;
  return {
    entries: distinct.filter((entry) => !isFiller(entry)),
    fillers: distinct.filter(isFiller).map(({ source }) => source),
    left: pictures.length - distinct.length,
  };
}

const hashOf = ({ listed: { bytes } }: Entry) => ({ algorithm: 'pdq', bytes }) as const;

/** Pictures with distinct hashes. Exact duplicates would count as false pairs. */
export function withoutDuplicates<T>(pictures: readonly T[], hashOf: (picture: T) => string): T[] {
  const seen = new Set<string>();
  return pictures.filter((picture) => {
    const hash = hashOf(picture);
    return !seen.has(hash) && seen.add(hash);
  });
}
