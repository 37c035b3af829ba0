import { DecodeError, type DecodeErrorCode, hashImageFile } from '../browser/index.js';
import { type Picture, type Problem, session } from './session.js';
import { hasherUrl } from './worker-urls.js';

/** How far the pictures that were chosen have come. */
export interface Job {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly state: 'running' | 'done' | 'stopped';
}

let job: Job = { total: 0, done: 0, failed: 0, state: 'done' };
let end = new AbortController();
let listener: (job: Job) => void = () => {};

/** Tells `next` of the job now and at every change, and no one else any more. */
export function watchJob(next: (job: Job) => void): void {
  listener = next;
  next(job);
}

/**
 * Hashes `files` in the Worker and adds them to the session, in their order. Stopped, it adds those that are done, in
 * whatever order they came to be.
 */
export async function startHashing(files: readonly Blob[]): Promise<void> {
  end = new AbortController();
  const { signal } = end;
  const change = (changed: Partial<Job>) => {
    // Not for a job that another has followed.
    if (signal !== end.signal) return;
    job = { ...job, ...changed };
    listener(job);
  };
  change({ total: files.length, done: 0, failed: 0, state: 'running' });
  const results = await Promise.all(
    files.map(async (file): Promise<Omit<Picture, 'number'> | undefined> => {
      try {
        const image = await hashImageFile(file, { workerUrl: hasherUrl(), signal, exact: true });
        change({ done: job.done + 1 });
        return { file, image };
      } catch (error) {
        if (signal.aborted) return undefined;
        change({ done: job.done + 1, failed: job.failed + 1 });
        // Out of memory, for one, has no code.
        if (!(error instanceof DecodeError)) return { file };
        return { file, ...(await problemOf(file, error.code)) };
      }
    }),
  );
  if (signal !== end.signal) return;
  for (const picture of results) {
    // Numbered only now: a job that was stopped leaves no gaps.
    if (picture) session.pictures.push({ number: ++session.numbered, ...picture });
  }
  change({ state: signal.aborted ? 'stopped' : 'done' });
}

/** Stops the job; pictures that are done stay. */
export function stopHashing(): void {
  end.abort();
}

/** What is wrong with a file, where that has a name that says what to do. */
async function problemOf(file: Blob, code: DecodeErrorCode): Promise<{ error?: Problem }> {
  if (file.type.startsWith('video/')) return { error: 'video' };
  if (code !== 'decoder-missing') return { error: code };
  // Of HEIC (ISO/IEC 14496-12) and TIFF the page has no decoder; of any other it was the Worker that did not run.
  const start = await file.slice(0, 8).text();
  if (start.endsWith('ftyp')) return { error: 'heic' };
  return /^(II\*\0|MM\0\*)/.test(start) ? { error: 'unsupported' } : {};
}
