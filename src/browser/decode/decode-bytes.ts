import { DecodeError } from '../../errors.js';
import {
  corrupt,
  edited,
  editedCopy,
  type ImageFormat,
  type ImageHeader,
  isAnimated,
} from '../../formats/image-format.js';
import { readHeader } from '../../formats/read-header.js';
import type { DecodedPicture, Frame } from '../../picture/hash-picture.js';
import { MAX_PIXELS } from '../../picture/options.js';
import { BitmapPicture } from './bitmap-picture.js';
import { AlteredReadback, type Readback, ReadbackCanvas } from './readback-canvas.js';

/** Formats that our own decoders read, with few exceptions. */
const OURS: readonly ImageFormat[] = ['jpeg', 'png', 'webp'];

/** Requests that a Worker can make of its page. */
export interface Page {
  /** decodes a file that the Worker cannot; undefined if the page cannot either */
  bitmapOf(bytes: Uint8Array<ArrayBuffer>): Promise<ImageBitmap | undefined>;
}

let canvas: Promise<ReadbackCanvas | Exclude<Readback, 'exact'>> | undefined;

/** The readback of this Worker's canvas. */
export async function readback(): Promise<Readback> {
  canvas ??= ReadbackCanvas.open();
  const opened = await canvas;
  return typeof opened === 'string' ? opened : 'exact';
}

/**
 * The result of `take` for the pixels of an image file. The browser decodes the file, and its
 * pixels are read from a canvas that is known to give back what was drawn. Our own decoders take
 * over if there is no such canvas, and for transparent pixels, whose colours a canvas loses.
 * @param bytes the whole file; overwritten
 * @param take called again if the canvas turns out to alter pixels
 * @throws {DecodeError} whose code says why there are no pixels: `poisoned` if they would not be
 *   the picture's own
 */
export async function decodeBytes<T>(
  bytes: Uint8Array<ArrayBuffer>,
  maxPixels: number = MAX_PIXELS,
  page: Page,
  take: (picture: DecodedPicture) => Promise<T>,
): Promise<T> {
  const header = await readHeader(bytes, maxPixels);
  // Browsers would show the part that is there.
  if (!header.whole) throw corrupt(header.format);
  if (header.format === 'tiff') {
    const { decodeTiff } = await import('./decode-tiff.js');
    return await take(await decodeTiff(bytes, header));
  }
  if (!isAnimated(header))
    return await decodeStill(edited(bytes, header.edits), header, page, take);
  const file = editedCopy(bytes, header.edits) as Uint8Array<ArrayBuffer>;
  const later = () => laterFrames(bytes, header, page);
  return await decodeStill(file, header, page, (picture) =>
    take(Object.assign(picture, { later })),
  );
}

async function decodeStill<T>(
  file: Uint8Array<ArrayBuffer>,
  header: ImageHeader,
  page: Page,
  take: (picture: DecodedPicture) => Promise<T>,
): Promise<T> {
  const taken = await byCanvas(file, header, page, take);
  return taken ? taken.result : await take(await decodeWithout(file, header));
}

/** Time for the frames of a file, out of the 60 s that a picture has by default. */
const FRAMES_MILLISECONDS = 20_000;

/** The frames beside the picture. Each is decoded as a file of its own, as a still picture is. */
async function* laterFrames(
  bytes: Uint8Array,
  header: ImageHeader,
  page: Page,
): AsyncGenerator<Frame, void, undefined> {
  const { framesOf, MOST_CANVAS } = await import('../../picture/frames.js');
  const { displayedPixels } = await import('./displayed-pixels.js');
  const end = performance.now() + FRAMES_MILLISECONDS;
  yield* framesOf(bytes, header, async (file) => {
    if (performance.now() > end) throw new DecodeError('timeout', 'the frames take too long');
    return await decodeBytes(file, MOST_CANVAS, page, async (one) => displayedPixels(one).data);
  });
}

/**
 * Uses the browser's decoder and the canvas; undefined if only our own decoder gives the picture's
 * pixels.
 */
async function byCanvas<T>(
  file: Uint8Array<ArrayBuffer>,
  header: ImageHeader,
  page: Page,
  take: (picture: DecodedPicture) => Promise<T>,
): Promise<{ result: T } | undefined> {
  if ((await readback()) !== 'exact') return undefined;
  const opened = (await canvas) as ReadbackCanvas;
  const { format } = header;
  const ours = header.plain && OURS.includes(format);
  if (!opened.decodes && ours) return undefined;
  const bitmapOf = async (bytes: Uint8Array<ArrayBuffer>) =>
    opened.decodes
      ? await createImageBitmap(new Blob([bytes]), { colorSpaceConversion: 'none' }).catch(
          () => undefined,
        )
      : await page.bitmapOf(bytes);
  const bitmap = await bitmapOf(file);
  if (!bitmap) {
    if (format === 'heic') return undefined;
    if (format !== 'avif') throw corrupt(format);
    throw new DecodeError(
      'unsupported',
      'this browser cannot read this AVIF file: save the picture as JPEG or PNG',
    );
  }
  const picture = new BitmapPicture(bitmap, opened, header);
  try {
    // Checked piece by piece, before more of the picture is held.
    picture.alpha &&= !picture.facts().opaque;
    if (picture.alpha) {
      // A canvas premultiplies colours by alpha, and loses them where alpha is small.
      if (ours) return undefined;
      if (header.hideAlpha) picture.colours = await bitmapOf(edited(file, header.hideAlpha));
    }
    return { result: await take(picture) };
  } catch (error) {
    if (!(error instanceof AlteredReadback)) throw error;
    // Once is enough: no pixel of this canvas can be trusted any more.
    canvas = Promise.resolve('altered');
    return undefined;
  } finally {
    picture.close();
  }
}

async function decodeWithout(
  file: Uint8Array<ArrayBuffer>,
  header: ImageHeader,
): Promise<DecodedPicture> {
  const { decodeWithoutCanvas } = await import('./decode-without-canvas.js');
  return await decodeWithoutCanvas(file, header, await readback());
}
