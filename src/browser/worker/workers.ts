import { integer, type OptionCheck, type OptionTable, wrongKind } from '../../door.js';
import { DecodeError } from '../../errors.js';
import { MAX_BYTES } from '../../picture/options.js';
import { Pool, type PooledThread, type Thread, type ThreadEvents } from '../../picture/pool.js';
import type { OwnBytes, Request } from './message.js';
import { bytesIn, errorIn, isReply } from './reply.js';

/** The URL of the Worker's script, and the number of Workers. */
export interface WorkerOptions {
  /**
   * address of `browser-worker.js`, if a bundler moved it away from this file. Workers of one
   * address are shared and kept for a while: pass the same one each time. A `blob:` has to hold a
   * bundle in one classic script, since Chromium runs no other on a page from a file.
   */
  workerUrl?: string | URL | undefined;
  /**
   * Pictures at work at a time, each in a separate Worker that may need 150 MB at 12 megapixels.
   * Applies to the Workers of this `workerUrl` until another number is passed.
   * @defaultValue 2, or 1 with fewer than three cores
   */
  concurrency?: number;
}

let pools: Map<string, Pool> | undefined;

const address: OptionCheck = (name, value) => {
  if (typeof value === 'string' || value instanceof URL) return;
  wrongKind(`${name} to be a string or a URL`);
};

export const WORKER_OPTIONS = {
  workerUrl: { is: address },
  concurrency: { is: integer, least: 1 },
} as const satisfies OptionTable<WorkerOptions>;

/** Default number of pictures at work. */
const defaultConcurrency = (): number =>
  Math.max(1, Math.min(2, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1));

/** The Workers of one script; `options` are checked by the caller. */
export function poolOf({ workerUrl, concurrency }: WorkerOptions): Pool {
  pools ??= new Map();
  const key = String(workerUrl ?? '');
  let pool = pools.get(key);
  if (pool === undefined) {
    pool = new Pool({
      start: (events) => start(workerUrl, events),
      death: () => didNotRun(),
      size: defaultConcurrency(),
    });
    pools.set(key, pool);
  }
  if (concurrency !== undefined) pool.size = concurrency;
  return pool;
}

/**
 * Ends all hashing Workers at once, and with them every picture in memory. Pending hashes reject
 * with an `AbortError`; a later call starts new Workers.
 */
export function endWorkers(): void {
  const ended = new DOMException('hashing was ended', 'AbortError');
  for (const pool of pools?.values() ?? []) pool.end(ended);
  pools = undefined;
}

/** @throws {DecodeError} `decoder-missing`, also outside a browser */
function start(workerUrl: string | URL | undefined, events: ThreadEvents): Thread {
  if (typeof Worker === 'undefined') {
    throw new DecodeError(
      'decoder-missing',
      'expected a browser, which has Workers: in Node, use hash of onlyhashes/node',
    );
  }
  let worker: Worker;
  try {
    worker = newWorker(workerUrl);
  } catch (cause) {
    // The script is cross-origin, or forbidden by a policy.
    throw didNotRun(cause);
  }
  worker.onmessage = ({ data }: MessageEvent<unknown>) => events.said(data);
  // Its script is missing, is blocked by a policy, or threw.
  worker.onerror = (event) => {
    event.preventDefault();
    events.died();
  };
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as Transferable[]),
    terminate: () => worker.terminate(),
  };
}

function newWorker(workerUrl: string | URL | undefined): Worker {
  // A literal expression, so that bundlers see what belongs together.
  if (workerUrl === undefined) {
    return new Worker(new URL('./browser-worker.js', import.meta.url), { type: 'module' });
  }
  // A blob: URL holds one whole script, and Chromium runs none as a module on a file: page.
  const type = String(workerUrl).startsWith('blob:') ? 'classic' : 'module';
  return new Worker(workerUrl, { type });
}

const didNotRun = (cause?: unknown): DecodeError =>
  new DecodeError(
    'decoder-missing',
    'the hashing Worker did not start: set workerUrl to the address of browser-worker.js',
    cause === undefined ? undefined : { cause },
  );

/**
 * A Worker's answer to `request`, whose bytes the Worker owns from then on. The page decodes a file
 * for it if it cannot.
 * @param read takes the answer apart; the Worker is ended if it throws
 */
export async function answerTo<T>(
  worker: PooledThread,
  request: Request,
  read: (reply: unknown) => T,
): Promise<T> {
  const moved = 'bytes' in request ? [request.bytes.buffer] : [];
  let reply = await worker.ask(request, moved);
  const believed = <R>(part: (reply: unknown) => R): R => {
    try {
      return part(reply);
    } catch (error) {
      worker.end(error);
      throw error;
    }
  };
  // Twice if its colours and its alpha are two pictures.
  while (believed((reply) => isReply(reply, 'bitmapOf'))) {
    const bitmap = await bitmapOf(believed(bytesIn));
    if (!worker.alive) bitmap?.close();
    reply = await worker.ask({ bitmap }, bitmap ? [bitmap] : []);
  }
  if (believed((reply) => isReply(reply, 'error'))) throw believed(errorIn);
  return believed(read);
}

const bitmapOf = (bytes: Uint8Array<ArrayBuffer>): Promise<ImageBitmap | undefined> =>
  createImageBitmap(new Blob([bytes]), { colorSpaceConversion: 'none' }).catch(() => undefined);

/**
 * All bytes of a file.
 * @throws {DecodeError} `empty`, `too-many-bytes` or `unreadable`
 */
export async function bytesOf(file: Blob, maxBytes = MAX_BYTES): Promise<OwnBytes> {
  if (file.size === 0) throw new DecodeError('empty', 'expected an image, got no bytes');
  if (file.size > maxBytes) {
    throw new DecodeError('too-many-bytes', `expected at most ${maxBytes} bytes`);
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    // The browser's error may name the file.
    throw new DecodeError('unreadable', 'the file cannot be read: it may have been moved');
  }
}
