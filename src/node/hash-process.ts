import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { DecodeError } from '../errors.js';
import { placingOf } from '../picture/draft-variants.js';
import { variantsThenCloser } from '../picture/hash-picture.js';
import type { Closer, HashedVariant, NearAt, VariantsThenCloser } from '../variant.js';
import { decodeUntil } from './decode.js';
import { orientationsOf, pictureOfDecoded } from './hash-file.js';
import type {
  HashFailure,
  HashQuestion,
  PictureFacts,
  TaskOptions,
  VariantBatch,
} from './hash-task.js';
import { importSharp } from './sharp.js';

/*
 * The program of one worker of `createHashPool`: a process, or a thread. A picture may crash it or
 * hang it, and the pool ends it then.
 */

/** Decoders print what they find wrong with a file. */
for (const way of ['log', 'warn', 'error'] as const) console[way] = () => {};

/** Bytes that this process may use, as `startProcess` says; a thread has no such limit. */
const maxMemory = parentPort === null ? Number(process.argv[2]) : Number.POSITIVE_INFINITY;
/** How often memory is looked at: a decoder fills some 50 MB in that time. */
const WATCH_MILLISECONDS = 25;

/** Nobody aborts here: the pool ends the whole process. */
const { signal: never } = new AbortController();

/** The picture at work. */
class Picture {
  readonly #variants: VariantsThenCloser;
  readonly #placed: (variant: HashedVariant) => HashedVariant;
  readonly #nears: NearAt[] = [];
  /** what looks closer, once all other variants are given */
  #closer: Closer | undefined;
  #closerOnes: Iterator<HashedVariant> | undefined;

  /** @param placed what a variant becomes before it is given; itself, if the picture is in full */
  constructor(variants: VariantsThenCloser, placed = (variant: HashedVariant) => variant) {
    this.#variants = variants;
    this.#placed = placed;
  }

  /** The next variants. A batch ends where the generator needs to know what came near. */
  batch(nears: readonly NearAt[], most: number): VariantBatch {
    const start = performance.now();
    this.#nears.push(...nears);
    if (this.#closer) this.#closerOnes ??= this.#closer(this.#nears)[Symbol.iterator]();
    const variants: HashedVariant[] = [];
    let done = false;
    while (variants.length < most) {
      const next = this.#closerOnes ? this.#closerOnes.next() : this.#variants.next();
      if (!next.done) {
        variants.push(this.#placed(next.value));
        continue;
      }
      this.#closer = this.#closerOnes ? undefined : next.value || undefined;
      done = this.#closer === undefined;
      break;
    }
    return { variants, done, hashing: performance.now() - start };
  }
}

let options: TaskOptions = {};
let picture: Picture | undefined;

async function answerTo(question: HashQuestion): Promise<unknown> {
  switch (question.ask) {
    case 'begin':
      options = question.options;
      return 'ready';
    case 'first': {
      const bytes = question.bytes ?? (await standardInput(question.byteLength));
      const decoded = await decodeUntil(never, bytes, options);
      // It has the most now, and hashing may be over before the next look.
      if (usesTooMuch()) return TOO_MUCH;
      const start = performance.now();
      const taken = await pictureOfDecoded(decoded, never);
      const { variants, looksCloser, ...sides } = await variantsThenCloser(taken, options);
      const { pixels, draftOf, format } = decoded;
      const full = draftOf && placingOf(pixels, draftOf, orientationsOf(decoded, options));
      const { width, height } = full ?? sides;
      picture = new Picture(variants, full?.placed);
      const batch = picture.batch([], question.most);
      const facts: PictureFacts = { width, height, format, decoding: full ? 'draft' : 'full' };
      return { ...batch, hashing: performance.now() - start, facts, looksCloser };
    }
    case 'next':
      return picture?.batch(question.nears, question.most);
    case 'end':
      picture = undefined;
      return { residentBytes: parentPort ? 0 : process.memoryUsage.rss() };
  }
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

const hear = async (question: HashQuestion) => {
  try {
    say(await answerTo(question));
  } catch (error) {
    picture = undefined;
    say(failureOf(error));
  }
};

const TOO_MUCH: HashFailure = {
  code: 'crashed',
  message: 'the picture needs more memory than a worker may use',
  isBroken: true,
};

const usesTooMuch = () => process.memoryUsage.rss() > maxMemory;

function watchMemory(): void {
  if (usesTooMuch()) say(TOO_MUCH);
}

/** A process decodes one picture: more threads of libvips would only share its core. */
async function prepareSharp(): Promise<void> {
  try {
    const sharp = await importSharp();
    sharp.concurrency(1);
    sharp.cache(false);
  } catch {
    // Each picture that needs it tells so.
  }
}

if (parentPort) {
  parentPort.on('message', hear);
} else {
  // In a terminal every process gets it. The parent decides.
  process.on('SIGINT', () => {});
  // The parent is gone, or wants no more.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', hear);
  await prepareSharp();
  setInterval(watchMemory, WATCH_MILLISECONDS).unref();
}
say('ready');
