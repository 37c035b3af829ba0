/*
 * The program of one worker of `createHashPool`: a process, or a thread. If a picture crashes it or
 * hangs it, the pool ends it.
 */

import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { DecodeError } from '../../errors.js';
import { variantsThenCloser } from '../../picture/hash-picture.js';
import type { HashedVariant, NearAt, VariantsThenCloser } from '../../variant.js';
import { type DecodedImage, decodeUntil } from '../decode/decode.js';
import { importSharp } from '../decode/sharp.js';
import { pictureOfDecoded } from '../hash-file.js';
import { endAtOnce } from '../video/at-exit.js';
import { VideoAtWork } from '../video/video-task.js';
import { setWorkerScripts } from './start-thread.js';
import type {
  FirstBatch,
  HashFailure,
  HashQuestion,
  LetGo,
  PictureFacts,
  TaskOptions,
  VariantBatch,
} from './worker-lease.js';

/** Decoders print warnings about a file. */
for (const way of ['log', 'warn', 'error'] as const) console[way] = () => {};

/**
 * Bytes that this process may use, and seconds of CPU for each picture, as set by `startProcess`; a
 * thread has no such limits.
 */
const [maxMemory, cpuSeconds] =
  parentPort === null
    ? [Number(process.argv[2]), Number(process.argv[3])]
    : [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
setWorkerScripts(parentPort === null ? process.argv[4] : workerData);
/** Polling interval for both limits: a decoder fills some 50 MB in that time. */
const WATCH_MILLISECONDS = 25;

/** Never aborted here: the pool kills the whole process. */
const { signal: never } = new AbortController();

/** The picture at work. */
class Picture {
  readonly #nears: NearAt[] = [];
  readonly #variants: VariantsThenCloser;

  constructor(variants: VariantsThenCloser) {
    this.#variants = variants;
  }

  /** The next variants. */
  batch(nears: readonly NearAt[], most: number): VariantBatch {
    const start = performance.now();
    this.#nears.push(...nears);
    const variants: HashedVariant[] = [];
    let done = false;
    while (variants.length < most) {
      const next = this.#variants.next(this.#nears);
      done = next.done === true;
      if (!next.value) break;
      variants.push(next.value);
    }
    return { variants, done, hashing: performance.now() - start };
  }

  /** Frees its memory. */
  letGo(): void {
    this.#variants.return();
  }
}

let options: TaskOptions = {};
let picture: Picture | undefined;
let video: VideoAtWork | undefined;
/** the CPU of this process when it got the picture's bytes */
let begun: NodeJS.CpuUsage | undefined;

async function answer(question: HashQuestion): Promise<void> {
  try {
    switch (question.ask) {
      case 'begin':
        options = question.options;
        return say('ready');
      case 'first': {
        begun = process.cpuUsage();
        const bytes = question.bytes ?? (await standardInput(question.byteLength));
        const decoded = await decodeUntil(never, bytes, { ...options, maxMemory });
        // Memory is at its peak now, and hashing may be over before the next poll.
        return say(tooMuch() ?? (await firstBatch(decoded, question.most)));
      }
      case 'next': {
        // The watch gets no turn during hashing.
        const batch = picture?.batch(question.nears, question.most);
        return say(tooMuch() ?? batch);
      }
      case 'video':
        await letGo();
        video = new VideoAtWork(question.task);
        return say(await frames(video));
      case 'frames':
        return say(video && (await frames(video)));
      case 'end':
        await letGo();
        return say({ residentBytes: parentPort ? 0 : process.memoryUsage.rss() } satisfies LetGo);
    }
  } catch (error) {
    await letGo();
    say(failureOf(error));
  }
}

async function letGo(): Promise<void> {
  picture?.letGo();
  picture = begun = undefined;
  // FFmpeg's last error does not matter.
  await video?.letGo().catch(() => {});
  video = undefined;
}

/** A batch of frames: each may use as much CPU as a picture. */
async function frames(of: VideoAtWork): Promise<unknown> {
  begun = process.cpuUsage();
  const batch = await of.batch();
  return tooMuch() ?? batch;
}

async function firstBatch(decoded: DecodedImage, most: number): Promise<FirstBatch> {
  const start = performance.now();
  const taken = await pictureOfDecoded(decoded, never, options);
  const { variants, looksCloser, ...sides } = await variantsThenCloser(taken, options);
  const { format, frames, unseen } = decoded;
  picture = new Picture(variants);
  const batch = picture.batch([], most);
  const facts: PictureFacts = {
    ...{ decoding: 'full', ...sides, format },
    ...(frames && { frames }),
    ...(unseen && { unseen }),
  };
  return { ...batch, hashing: performance.now() - start, facts, looksCloser };
}

/** The bytes of a picture. The pool sends those of the next only after this one. */
async function standardInput(byteLength: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(byteLength);
  let length = 0;
  while (length < byteLength) {
    const chunk: Buffer | null = process.stdin.read();
    if (chunk === null) {
      await once(process.stdin, 'readable');
      continue;
    }
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes;
}

function failureOf(error: unknown): HashFailure {
  if (!(error instanceof DecodeError)) {
    return { code: 'crashed', message: 'the picture could not be hashed', isBroken: true };
  }
  const { code, message, cause } = error;
  const words = cause instanceof Error ? { cause: cause.message } : {};
  return { code, message, ...words, isBroken: false };
}

const say = (message: unknown) => {
  if (parentPort) parentPort.postMessage(message);
  else if (process.connected) process.send?.(message);
};

const TOO_MUCH: HashFailure = {
  code: 'crashed',
  message: 'the picture needs more memory than a worker may use',
  isBroken: true,
};

const TOO_COSTLY: HashFailure = {
  code: 'too-costly',
  message: 'the picture needs more CPU time than cpuSeconds',
  isBroken: true,
};

/** The limit that the picture exceeds; undefined if none. */
function tooMuch(): HashFailure | undefined {
  if (process.memoryUsage.rss() > maxMemory) return TOO_MUCH;
  if (!begun || cpuSeconds === Number.POSITIVE_INFINITY) return undefined;
  const { user, system } = process.cpuUsage(begun);
  return user + system > 1e6 * cpuSeconds ? TOO_COSTLY : undefined;
}

/** A process decodes one picture: more threads of libvips would only share its core. */
async function prepareSharp(): Promise<void> {
  try {
    const sharp = await importSharp();
    sharp.concurrency(1);
    sharp.cache(false);
  } catch {
    // Each picture that needs it reports the error.
  }
}

if (parentPort) {
  parentPort.on('message', answer);
} else {
  // In a terminal every process gets the signal. The parent decides.
  process.on('SIGINT', () => {});
  // The parent is gone, or needs no more answers.
  process.on('disconnect', () => {
    endAtOnce();
    process.kill(process.pid, 'SIGKILL');
  });
  process.on('message', answer);
  await prepareSharp();
  const watch = () => {
    const excess = tooMuch();
    if (excess) say(excess);
  };
  setInterval(watch, WATCH_MILLISECONDS).unref();
}
say('ready');
