import { parentPort, workerData } from 'node:worker_threads';
import { COPIES } from './copies/suite.js';
import type { HardCase } from './hard-cases.js';
import { HardCases, type HardResult } from './hard-negatives.js';
import { type Entry, EntryTable, entryOf, type QueryResult } from './measure.js';
import type { PhotoFile } from './photo-lists.js';
import { photoOf } from './photos.js';
import type { Raster } from './raster.js';

/** The start data of a worker of the robustness benchmark. */
export interface WorkerSetup {
  readonly seed: number;
}

/** A job for a worker. */
export type Job =
  | { readonly kind: 'hash'; readonly file: PhotoFile; readonly queried: boolean }
  | {
      readonly kind: 'list';
      readonly entries: readonly Entry[];
      readonly fillers: readonly PhotoFile[];
    }
  /** edits of a photo, by their positions; -1 is the photo as it is */
  | { readonly kind: 'query'; readonly file: PhotoFile; readonly edits: readonly number[] }
  | { readonly kind: 'hard'; readonly hard: HardCase };

export type Answer =
  | { readonly kind: 'hash'; readonly entry: Entry; readonly side: number }
  | { readonly kind: 'list' }
  | { readonly kind: 'query'; readonly results: QueryResult[] }
  | { readonly kind: 'hard'; readonly result: HardResult };

const { seed } = workerData as WorkerSetup;
let table = new EntryTable([]);
let fillerFiles: readonly PhotoFile[] = [];
let fillers: Promise<Raster[]> | undefined;
const fillerRasters = () => {
  fillers ??= Promise.all(fillerFiles.map(photoOf));
  return fillers;
};
const hardCases = new HardCases(seed, fillerRasters);

/** The photo of the last file: its queries come in several jobs. */
let opened: { path: string; photo: Promise<Raster> } | undefined;

async function query(file: PhotoFile, edits: readonly number[]): Promise<QueryResult[]> {
  if (opened?.path !== file.path) opened = { path: file.path, photo: photoOf(file) };
  const photo = table.entries.findIndex(({ source }) => source === file.source);
  const raster = await opened.photo;
  const results: QueryResult[] = [];
  for (const edit of edits) {
    if (COPIES[edit]?.applies?.(raster) === false) continue;
    results.push(await table.measure(photo, raster, edit, COPIES, seed, await fillerRasters()));
  }
  return results;
}

async function answer(job: Job): Promise<Answer> {
  switch (job.kind) {
    case 'hash': {
      const raster = await photoOf(job.file);
      const entry = await entryOf(raster, job.file.source, job.queried);
      return { kind: 'hash', entry, side: Math.min(raster.width, raster.height) };
    }
    case 'list':
      table = new EntryTable(job.entries);
      fillerFiles = job.fillers;
      return { kind: 'list' };
    case 'query':
      return { kind: 'query', results: await query(job.file, job.edits) };
    case 'hard':
      return { kind: 'hard', result: await hardCases.measure(job.hard) };
  }
}

parentPort?.on('message', async (job: Job) => parentPort?.postMessage(await answer(job)));
