import {
  checkPixelReadback,
  type DisplayedPixels,
  decode,
  type HashedFile,
  hashAll,
} from '../browser/index.js';
import { createBlocklist, type Decision, match } from '../index.js';
import { COPY_NAMES, type CopyName, copiesIn } from './copies-message.js';
import { shapeNumbers } from './parts/shape-numbers.js';
import { copiesUrl, hasherUrl } from './worker-urls.js';

/**
 * A changed copy, and the verdict on it of the default policy if the list holds the hash of the
 * picture.
 */
export interface MeasuredCopy {
  readonly name: CopyName;
  readonly verdict: Decision['verdict'];
}

/** Shared pictures are usually no larger, and a phone has memory for this. */
const LONGEST_SIDE = 1024;
/** Samples a side of the blurred view, in which no face and no word is recognisable. */
const BLURRED_SIDE = 10;

let worker: Worker | undefined;
/** The Worker makes one thing at a time. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Makes changed copies of a picture in a Worker, hashes each, and looks it up in a list of the
 * picture's own hashes: its main one, and those of its list crops.
 * @returns `unmeasured` if the browser alters the pixels it draws, or cannot make a JPEG in a
 *   Worker
 */
export async function measureCopies(
  file: Blob,
  picture: HashedFile,
): Promise<readonly MeasuredCopy[] | 'unmeasured'> {
  try {
    if (!(await drawsExactly())) return 'unmeasured';
    const copies = copiesIn(await ask(file));
    if (copies === undefined) return 'unmeasured';
    const listed = [picture, ...shapeNumbers(picture).map(({ variant }) => variant)];
    const list = createBlocklist(
      listed.map(({ hash, quality }) => ({
        hash,
        labels: [],
        ...(quality !== undefined && { quality }),
      })),
    );
    const measured: MeasuredCopy[] = [];
    const files = COPY_NAMES.map((name) => copies[name]);
    const results = hashAll(files, { workerUrl: hasherUrl(), variants: 'none' });
    for await (const { image, error } of results) {
      if (error) throw error;
      measured.push({ name: COPY_NAMES[measured.length]!, verdict: match(image, list).verdict });
    }
    return measured;
  } catch {
    return 'unmeasured';
  }
}

/**
 * The picture in so few pixels that it shows only colours, or `undefined` if the browser cannot
 * read it.
 */
export async function blurredView(file: Blob): Promise<DisplayedPixels | undefined> {
  try {
    return await decode(file, { workerUrl: hasherUrl(), longestSide: BLURRED_SIDE });
  } catch {
    return undefined;
  }
}

/** True if the browser returns the pixels that it draws. Some alter them, against tracking. */
const drawsExactly = async () => (await checkPixelReadback({ workerUrl: hasherUrl() })) === 'exact';

/** Ends the Worker that makes copies, and releases what it holds. */
export function endCopies(): void {
  worker?.terminate();
  worker = undefined;
  turn = Promise.resolve();
}

async function ask(file: Blob): Promise<unknown> {
  const answer = turn.then(async () =>
    post(await decode(file, { workerUrl: hasherUrl(), longestSide: LONGEST_SIDE })),
  );
  turn = answer.catch(() => {});
  return answer;
}

function post(pixels: DisplayedPixels): Promise<unknown> {
  worker ??= new Worker(copiesUrl());
  const asked = worker;
  return new Promise((resolve, reject) => {
    asked.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data);
    asked.onerror = () => reject(new Error('the Worker does not run'));
    asked.postMessage(pixels, [pixels.data.buffer]);
  });
}
