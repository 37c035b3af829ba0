import { setImmediate } from 'node:timers/promises';
import { checkedOptions, type OptionTable, tableOf } from '../door.js';
import {
  type DecodedPicture,
  type HashedFile,
  pictureOf,
  placingOf,
  variantsOfPicture,
} from '../picture/hash-picture.js';
import { FILE_OPTIONS, type FileOptions } from '../picture/options.js';
import { Turns, within } from '../picture/waiting.js';
import type { HashedVariant } from '../variant.js';
import { hashedImage, type OtherLook } from '../variants/forms.js';
import {
  DECODING,
  type DecodedImage,
  type DecodeOptions,
  decodeUntil,
  LENIENT,
} from './decode/decode.js';
import type { DecodedLook } from './decode/looks.js';
import { isOpaqueInTurns } from './decode/pixel-turns.js';
import { decodeThreads } from './pool/start-thread.js';
import { type ImageSource, readBytes } from './read-bytes.js';

/** Options for reading and hashing a file. */
export interface HashFileOptions extends FileOptions, Pick<DecodeOptions, 'lenient' | 'decoding'> {}

export const HASH_FILE_OPTIONS = tableOf(FILE_OPTIONS, {
  lenient: LENIENT,
  decoding: DECODING,
}) satisfies OptionTable<HashFileOptions>;

/** One picture is hashed while others decode. More pictures would only hold their pixels. */
let turns: Turns | undefined;

/**
 * Hash of an image file: a path, its bytes, or a stream of them. The picture is decoded once. Alpha
 * is dropped (not composited), as in the PDQ reference; other looks of the file are in `variants`.
 * For many files use `hashAll`: here, the time in the queue counts towards the limit.
 *
 * For building lists and comparing pictures. To decide about an upload use `check`: a decision
 * about this function's result is not `refined`, whatever the variants, and fewer edited copies
 * match.
 * @returns rejects with `signal.reason` on abort
 * @throws {DecodeError} whose code says why there are no pixels
 * @throws {TypeError | RangeError} if `source` or an option is invalid
 * @example
 * const image = await hash('photo.jpg');
 */
export async function hash(
  source: ImageSource,
  options: HashFileOptions = {},
): Promise<HashedFile> {
  const { timeoutSeconds, maxBytes, signal } = checkedOptions(options, HASH_FILE_OPTIONS);
  return await within(timeoutSeconds, signal, async (end) => {
    const bytes = await readBytes(source, { maxBytes, signal: end });
    turns ??= new Turns(decodeThreads() + 1);
    return await turns.run(async () => {
      const decoded = await decodeUntil(end, bytes, options);
      const picture = await pictureOfDecoded(decoded, end, options);
      const { variants, width, height } = await variantsOfPicture(picture, options);
      const all: HashedVariant[] = [];
      for (const variant of variants) {
        all.push(variant);
        // Hashing blocks this thread: the time may be up between two variants.
        if (all.length > 1) await setImmediate();
        end.throwIfAborted();
      }
      return { ...hashedImage(all), width, height };
    }, end);
  });
}

/** A decoded file as the pipeline takes it. */
export async function pictureOfDecoded(
  { pixels, orientation, draftOf, looks, later }: DecodedImage,
  end: AbortSignal,
  options: HashFileOptions,
): Promise<DecodedPicture> {
  const alpha = pixels.channels % 2 === 0;
  // Decoding leaves no grey picture in three samples a pixel.
  const known = { opaque: await isOpaqueInTurns(pixels, end), grey: pixels.channels < 3 };
  // A turn that is not EXIF's is part of decoding.
  const picture = pictureOf(pixels, { orientation, exif: true, alpha }, known);
  const hashed = options.orientation === 'stored' ? 1 : orientation;
  return {
    ...picture,
    full: draftOf && placingOf(pixels, draftOf, { displayed: orientation, hashed }),
    looks: looks?.map(otherLookOf),
    later,
  };
}

/** A look as the pipeline takes it. */
function otherLookOf({ full, ...look }: DecodedLook): OtherLook {
  const { pixels, orientation } = look;
  const isReduced = pixels.width !== full.width || pixels.height !== full.height;
  const { placed } = placingOf(pixels, full, { displayed: orientation, hashed: orientation });
  return { ...look, given: isReduced ? placed : (variant) => variant };
}
