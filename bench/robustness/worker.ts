import { parentPort, workerData } from 'node:worker_threads';
import { hashOf } from '../../src/hashing/algorithms.js';
import { pdq } from '../../src/hashing/pdq.js';
import { type Entry, type List, listOf, measure, type QueryResult, type Setup } from './measure.js';
import type { PhotoFile } from './photo-files.js';
import { type Photo, photosOf } from './photos.js';
import type { Raster } from './raster.js';
import { SUITES } from './transforms.js';

/** The start data of a worker of the robustness benchmark. */
export interface WorkerSetup {
  readonly setup: Setup;
  readonly fillers: readonly PhotoFile[];
}

/** A job for a worker. */
export type Job =
  | { readonly kind: 'hash'; readonly file: PhotoFile; readonly queried: boolean }
  | { readonly kind: 'list'; readonly entries: readonly Entry[] }
  | { readonly kind: 'query'; readonly file: PhotoFile; readonly name: string };

export type Answer =
  | { readonly kind: 'hash'; readonly entries: Entry[] }
  | { readonly kind: 'list'; readonly transforms: { name: string; family: string }[] }
  /** by edit, then by run */
  | { readonly kind: 'query'; readonly results: QueryResult[][] };

const { setup, fillers } = workerData as WorkerSetup;
const transforms = SUITES[setup.suite];
let entries: readonly Entry[] = [];
let lists: readonly List[] = [];
let fillerRasters: Promise<Raster[]> | undefined;

async function hash(file: PhotoFile, queried: boolean): Promise<Answer> {
  const hashed = (await photosOf(file)).map(({ name, source, whole, raster }) => ({
    name,
    source,
    whole,
    queried,
    pdq: pdq(raster).hash.bytes,
    hashes: setup.runs.map(({ algorithm, bits }) => hashOf(raster, { algorithm, bits }).hash.bytes),
  }));
  return { kind: 'hash', entries: hashed };
}

/** The photos of the last file. Its queries come one photo at a time. */
let opened: { path: string; photos: Promise<Photo[]> } | undefined;

async function query(file: PhotoFile, name: string): Promise<Answer> {
  fillerRasters ??= Promise.all(fillers.map(photosOf)).then((all) =>
    all.flatMap((photos) => photos.slice(0, 1).map(({ raster }) => raster)),
  );
  if (opened?.path !== file.path) opened = { path: file.path, photos: photosOf(file) };
  const at = entries.findIndex((entry) => entry.name === name && entry.source === file.source);
  const photo = (await opened.photos).find((photo) => photo.name === name)!;
  const results: QueryResult[][] = [];
  for (let index = 0; index < transforms.length; index++) {
    results.push(
      await measure(setup, entries, lists, at, photo, transforms, index, await fillerRasters),
    );
  }
  return { kind: 'query', results };
}

async function answer(job: Job): Promise<Answer> {
  switch (job.kind) {
    case 'hash':
      return hash(job.file, job.queried);
    case 'list':
      entries = job.entries;
      lists = setup.runs.map((run, which) => listOf(run, entries, which));
      return {
        kind: 'list',
        transforms: transforms.map(({ name, family }) => ({ name, family })),
      };
    case 'query':
      return query(job.file, job.name);
  }
}

parentPort?.on('message', async (job: Job) => {
  try {
    parentPort?.postMessage(await answer(job));
  } catch (error) {
    parentPort?.postMessage({ kind: 'error', message: String(error) });
  }
});
