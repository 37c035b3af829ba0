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

const NO_JOB: Job = { total: 0, done: 0, failed: 0, state: 'done' };
let job = NO_JOB;
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
    // Not for a job that was forgotten meanwhile.
    if (signal !== end.signal) return;
    job = { ...job, ...changed };
    listener(job);
  };
  change({ total: files.length, done: 0, failed: 0, state: 'running' });
  const first = session.numbered + 1;
  const results = await Promise.all(
    files.map(async (file, i): Promise<Picture | undefined> => {
      const chosen = { number: first + i, file };
      try {
        const image = await hashImageFile(file, { workerUrl: hasherUrl(), signal, exact: true });
        change({ done: job.done + 1 });
        return { ...chosen, image };
      } catch (error) {
        if (signal.aborted) return undefined;
        change({ done: job.done + 1, failed: job.failed + 1 });
        // Out of memory, for one, has no code.
        if (!(error instanceof DecodeError)) return chosen;
        return { ...chosen, error: await problemOf(file, error.code) };
      }
    }),
  );
  if (signal !== end.signal) return;
  const kept = results.filter((picture) => picture !== undefined);
  session.numbered = kept.at(-1)?.number ?? session.numbered;
  session.pictures.push(...kept);
  change({ state: signal.aborted ? 'stopped' : 'done' });
}

/** Stops the job; pictures that are done stay. */
export function stopHashing(): void {
  end.abort();
}

/** What a file is, where that says more to a person than the decoder's code. */
async function problemOf(file: Blob, code: DecodeErrorCode): Promise<Problem> {
  if (file.type.startsWith('video/')) return 'video';
  return code === 'decoder-missing' && (await isHeic(file)) ? 'heic' : code;
}

/** Whether a file that lacks a decoder is HEIC: no other that begins so (ISO/IEC 14496-12) lacks one. */
async function isHeic(file: Blob): Promise<boolean> {
  return (await file.slice(4, 8).text()) === 'ftyp';
}
