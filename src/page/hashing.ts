import { type HashProgress, hashAll } from '../browser/index.js';
import type { DecodeError } from '../index.js';
import { type Picture, type Problem, session } from './parts/session.js';
import { hasherUrl } from './worker-urls.js';

/** The progress of the chosen pictures. */
export interface Job {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly state: 'running' | 'done' | 'stopped';
}

let job: Job = { total: 0, done: 0, failed: 0, state: 'done' };
let end = new AbortController();
let listener: (job: Job) => void = () => {};

/** Reports the job to `next`, now and at every change, and to no one else any more. */
export function watchJob(next: (job: Job) => void): void {
  listener = next;
  next(job);
}

/**
 * Hashes `files` in Workers and adds them to the session, in their order. If stopped, it keeps the
 * finished ones.
 */
export async function startHashing(files: readonly Blob[]): Promise<void> {
  end = new AbortController();
  const { signal } = end;
  const change = (changed: Partial<Job>) => {
    // A newer job has replaced this one.
    if (signal !== end.signal) return;
    job = { ...job, ...changed };
    listener(job);
  };
  change({ total: files.length, done: 0, failed: 0, state: 'running' });
  const finished = new Map<Blob, HashProgress>();
  const onProgress = (progress: HashProgress) => {
    // Before its turn: when the person stops, one slow picture must not cost those behind it.
    finished.set(progress.file, progress);
    change({ done: progress.done, failed: progress.failed });
  };
  try {
    const options = {
      workerUrl: hasherUrl(),
      signal,
      exact: true,
      // Both are asked about later: what she does not want stays out of the file.
      crops: true,
      inner: true,
      onProgress,
    };
    const batch = hashAll(files, options);
    while (!(await batch.next()).done);
  } catch {
    // If not stopped, all Workers were ended and the session was cleared.
    if (!signal.aborted) finished.clear();
  }
  const results: Omit<Picture, 'number'>[] = [];
  for (const file of files) {
    const { image, error } = finished.get(file) ?? {};
    if (image) results.push({ file, image, listing: 'inner' });
    else if (error) results.push({ file, listing: 'whole', ...(await problemOf(file, error)) });
  }
  if (signal !== end.signal) return;
  for (const picture of results) {
    // Numbered only now, so that a stopped job leaves no gaps.
    session.pictures.push({ number: ++session.numbered, ...picture });
  }
  change({ state: signal.aborted ? 'stopped' : 'done' });
}

/** Stops the job. Finished pictures stay. */
export function stopHashing(): void {
  end.abort();
}

/** The problem of a file, if the page can advise on it. */
async function problemOf(file: Blob, { code, cause }: DecodeError): Promise<{ error?: Problem }> {
  if (file.type.startsWith('video/')) return { error: 'video' };
  // It was read, and an error without a code followed: out of memory, for one.
  if (code === 'unreadable' && cause !== undefined) return {};
  if (code !== 'decoder-missing') return { error: code };
  // The page has no decoder for HEIC (ISO/IEC 14496-12) and TIFF. For any other format the Worker
  // did not run.
  const start = await file
    .slice(0, 8)
    .text()
    .catch(() => '');
  if (start.endsWith('ftyp')) return { error: 'heic' };
  return /^(II\*\0|MM\0\*)/.test(start) ? { error: 'unsupported' } : {};
}
