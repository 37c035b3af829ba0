import { type DecodeError, hashImageFiles } from '../browser/index.js';
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

/** Hashes `files` in the Worker and adds them to the session, in their order, as far as it comes. */
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
  const results: Omit<Picture, 'number'>[] = [];
  try {
    const options = { workerUrl: hasherUrl(), signal, exact: true };
    for await (const { file, image, error } of hashImageFiles(files, options)) {
      results.push(image ? { file, image } : { file, ...(await problemOf(file, error)) });
      change({ done: job.done + 1, failed: job.failed + (image ? 0 : 1) });
    }
  } catch {
    // Stopped, it keeps what is done. Else all Workers were ended, and with them all that was chosen.
    if (!signal.aborted) results.length = 0;
  }
  if (signal !== end.signal) return;
  for (const picture of results) {
    // Numbered only now: a job that was stopped leaves no gaps.
    session.pictures.push({ number: ++session.numbered, ...picture });
  }
  change({ state: signal.aborted ? 'stopped' : 'done' });
}

/** Stops the job; pictures that are done stay. */
export function stopHashing(): void {
  end.abort();
}

/** What is wrong with a file, where that has a name that says what to do. */
async function problemOf(file: Blob, { code, cause }: DecodeError): Promise<{ error?: Problem }> {
  if (file.type.startsWith('video/')) return { error: 'video' };
  // It was read, and something without a name went wrong: out of memory, for one.
  if (code === 'unreadable' && cause !== undefined) return {};
  if (code !== 'decoder-missing') return { error: code };
  // Of HEIC (ISO/IEC 14496-12) and TIFF the page has no decoder; of any other it was the Worker that did not run.
  const start = await file.slice(0, 8).text();
  if (start.endsWith('ftyp')) return { error: 'heic' };
  return /^(II\*\0|MM\0\*)/.test(start) ? { error: 'unsupported' } : {};
}
