import { callback, checkedBriefly, type OptionTable, tableOf, wrongKind } from '../door.js';
import type { HashedFile } from '../picture/hash-picture.js';
import { FILE_OPTIONS, type FileOptions, type PictureOptions } from '../picture/options.js';
import type { PooledThread } from '../picture/pool.js';
import { deadline } from '../picture/waiting.js';
import type { HashedVariant } from '../variant.js';
import { hashedImage } from '../variants/forms.js';
import type { HashingOptions, Stage } from './worker/message.js';
import { sidesIn, variantReader } from './worker/reply.js';
import { answerTo, bytesOf, poolOf, WORKER_OPTIONS, type WorkerOptions } from './worker/workers.js';

/** Options for reading and hashing an image file. */
export interface HashFileOptions extends FileOptions, WorkerOptions {
  /** called when the file is read, when it is decoded and when it is hashed */
  onProgress?: ((stage: Stage) => void) | undefined;
}

export const HASH_FILE_OPTIONS = /* @__PURE__ */ tableOf(FILE_OPTIONS, WORKER_OPTIONS, {
  onProgress: { is: callback },
}) satisfies OptionTable<HashFileOptions>;

/**
 * Hash of an image file that a person chose, the same as from `hash` in Node. A Worker decodes and
 * hashes it, off the page's thread; nothing of it leaves the device. For many files use `hashAll`:
 * here, the time that a file waits for a Worker counts.
 * @param file of an input or a drop, or any other `Blob`; only read
 * @returns rejects with `signal.reason` on abort, and the decoding stops
 * @throws {DecodeError} whose code says why there is no hash; the message says what to do
 * @throws {TypeError | RangeError} if `file` is no Blob or an option is invalid
 * @example
 * const image = await hash(input.files[0], { signal });
 */
export async function hash(file: Blob, options: HashFileOptions = {}): Promise<HashedFile> {
  const { variants, width, height } = await variantsOfImageFile(file, options);
  const all: HashedVariant[] = [];
  for await (const variant of variants) all.push(variant);
  return { ...hashedImage(all), width, height };
}

/** The variants of an image file, hashed on demand; its sides in pixels as displayed. */
export interface ImageFileVariants {
  readonly width: number;
  readonly height: number;
  /** can be iterated once */
  readonly variants: AsyncIterable<HashedVariant>;
}

/**
 * The variants of an image file, the likeliest first. The Worker hashes each on demand, so a reader
 * that stops at the first match waits for no more. The first is the picture itself, `original`.
 * Read them at once: a Worker holds the picture, and its time runs, until the iteration ends
 * (`break` ends it too).
 * @param file of an input or a drop, or any other `Blob`; only read
 * @returns rejects with `signal.reason` on abort, as the iteration does
 * @throws {DecodeError} whose code says why there is no hash; the message says what to do
 * @throws {TypeError | RangeError} if `file` is no Blob or an option is invalid
 * @example
 * const { variants } = await variantsOfImageFile(file, { variants: 'thorough' });
 * for await (const { name, hash } of variants) if (isListed(hash)) return name;
 */
export async function variantsOfImageFile(
  file: Blob,
  options: HashFileOptions = {},
): Promise<ImageFileVariants> {
  const { timeoutSeconds, signal } = checkedBriefly(options, HASH_FILE_OPTIONS);
  if (!(file instanceof Blob)) wrongKind('a File or Blob');
  const time = deadline(timeoutSeconds, signal);
  return await new Promise<ImageFileVariants>((resolve, reject) => {
    const held = poolOf(options).use(async (worker) => {
      const sides = await opened(worker, file, options);
      await new Promise<void>((release) => {
        const variants = variantsFrom(worker, options, release);
        // Starts it: a generator that is ended before its start would not let the picture go.
        void variants.next();
        resolve({ ...sides, variants });
      });
    }, time.signal);
    held.catch(reject).finally(() => time.over());
  });
}

/** Reads the file and has it decoded. */
async function opened(
  worker: PooledThread,
  file: Blob,
  { maxBytes, onProgress, ...options }: HashFileOptions,
): Promise<{ width: number; height: number }> {
  onProgress?.('reading');
  const bytes = await bytesOf(file, maxBytes);
  onProgress?.('decoding');
  const request = { bytes, options: hashingOptions(options) };
  const sides = await answerTo(worker, request, (reply) => sidesIn(reply, options.maxPixels));
  onProgress?.('hashing');
  return sides;
}

/** Yields undefined when it starts, then each variant. */
async function* variantsFrom(
  worker: PooledThread,
  options: PictureOptions,
  release: () => void,
): AsyncGenerator<HashedVariant, void, undefined> {
  const read = variantReader(options);
  let ended = false;
  try {
    yield undefined as never;
    for (;;) {
      const variant = await answerTo(worker, { next: true }, read);
      ended = variant === undefined;
      if (variant === undefined) return;
      yield variant;
    }
  } finally {
    // The Worker lets the picture go.
    if (!ended) await worker.ask({ next: false }).catch(() => {});
    release();
  }
}

/** The options that go to the Worker: functions and signals cannot be sent. */
function hashingOptions(options: HashingOptions): HashingOptions {
  const {
    algorithm,
    bits,
    resample,
    exact,
    variants,
    crops,
    inner,
    parts,
    orientation,
    maxPixels,
  } = options;
  const hashed = { algorithm, bits, resample, exact, variants, crops, inner, parts };
  const given = { ...hashed, orientation, maxPixels };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
