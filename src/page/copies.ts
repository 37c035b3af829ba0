import {
  checkPixelReadback,
  type DisplayedPixels,
  decode,
  type HashedFile,
  hashAll,
} from '../browser/index.js';
import {
  createBlocklist,
  type Decision,
  type HashedImage,
  match,
  type VariantGeometry,
} from '../index.js';
import { COPY_NAMES, type CopyName, copiesIn } from './copies-message.js';
import { copiesUrl, hasherUrl } from './worker-urls.js';

type Rectangle = VariantGeometry['rectangle'];

/** A file, and what was hashed of it. */
interface Chosen {
  readonly file: Blob;
  readonly image: HashedFile;
}

type Verdict = Decision['verdict'];

/** The verdicts on a changed copy: by its hash alone, and by its variants. */
export interface MeasuredCopy {
  readonly name: CopyName;
  readonly simple: Verdict;
  readonly thorough: Verdict;
}

/** Shared pictures are usually no larger, and a phone has memory for this. */
const LONGEST_SIDE = 1024;
/** Samples a side of the blurred view, in which no face and no word is recognisable. */
const BLURRED_SIDE = 10;

let worker: Worker | undefined;
/** The Worker makes one thing at a time. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Makes changed copies of a picture in a Worker, hashes each, and looks it up in a list.
 * @param listed what goes into the file
 * @param place of the picture, if it is in a screenshot
 * @returns `unmeasured` if the browser alters the pixels it draws, or cannot make a JPEG in a
 *   Worker
 */
export async function measureCopies(
  picture: Chosen,
  listed: HashedImage,
  place?: Rectangle,
): Promise<readonly MeasuredCopy[] | 'unmeasured'> {
  try {
    if (!(await drawsExactly())) return 'unmeasured';
    const copies = copiesIn(await ask(() => regionOf(picture, LONGEST_SIDE, place)));
    if (copies === undefined) return 'unmeasured';
    const list = createBlocklist(
      [listed, ...listed.variants].map(({ hash, quality }) => ({
        hash,
        labels: [],
        ...(quality !== undefined && { quality }),
      })),
    );
    const measured: MeasuredCopy[] = [];
    const files = COPY_NAMES.map((name) => copies[name]);
    const options = { workerUrl: hasherUrl(), variants: 'thorough' } as const;
    for await (const { image, error } of hashAll(files, options)) {
      if (error) throw error;
      measured.push({
        name: COPY_NAMES[measured.length]!,
        simple: match({ ...image, variants: [] }, list).verdict,
        thorough: match(image, list).verdict,
      });
    }
    return measured;
  } catch {
    return 'unmeasured';
  }
}

/**
 * A picture in so few pixels that it shows only colours, or `undefined` if the browser cannot read
 * it.
 * @param place of a picture in it, to see that alone
 */
export async function blurredView(
  picture: Chosen,
  place?: Rectangle,
): Promise<DisplayedPixels | undefined> {
  try {
    return await regionOf(picture, BLURRED_SIDE, place);
  } catch {
    return undefined;
  }
}

/** A picture, or one in it, reduced so that its longer side has about `side` pixels. */
async function regionOf(
  { file, image }: Chosen,
  side: number,
  place: Rectangle = { left: 0, top: 0, width: image.width, height: image.height },
): Promise<DisplayedPixels> {
  const longest = Math.max(image.width, image.height);
  const longestSide = Math.ceil((side * longest) / Math.max(place.width, place.height));
  const whole = await decode(file, { workerUrl: hasherUrl(), longestSide });
  const scale = whole.width / image.width;
  const [left, top] = [Math.round(place.left * scale), Math.round(place.top * scale)];
  const width = Math.max(1, Math.min(Math.round(place.width * scale), whole.width - left));
  const height = Math.max(1, Math.min(Math.round(place.height * scale), whole.height - top));
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const first = 4 * ((top + y) * whole.width + left);
    data.set(whole.data.subarray(first, first + 4 * width), 4 * y * width);
  }
  return { ...whole, data, width, height };
}

/** True if the browser returns the pixels that it draws. Some alter them, against tracking. */
const drawsExactly = async () => (await checkPixelReadback({ workerUrl: hasherUrl() })) === 'exact';

/** Ends the Worker that makes copies, and releases what it holds. */
export function endCopies(): void {
  worker?.terminate();
  worker = undefined;
  turn = Promise.resolve();
}

function ask(pixels: () => Promise<DisplayedPixels>): Promise<unknown> {
  const answer = turn.then(async () => post(await pixels()));
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
