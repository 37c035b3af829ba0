import { DecodeError } from '../../errors.js';
import { corrupt, type ImageFormat, type ImageHeader } from '../../formats/image-format.js';
import { type DecodedPicture, pictureOf } from '../../picture/hash-picture.js';
import { checkedPixels, type Pixels } from '../../pixels.js';
import type { Readback } from './readback-canvas.js';

/**
 * Our own decoders, each in a separate script, loaded on demand. Why our own: the canvas of a
 * browser that alters pixels gives no true hash.
 */
const DECODERS: Partial<
  Record<ImageFormat, () => Promise<{ decode(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> }>>
> = {
  jpeg: () => import('./decode-jpeg.js'),
  png: () => import('./decode-png.js'),
  webp: () => import('./decode-webp.js'),
  heic: () => import('./decode-heic.js'),
};

/**
 * A picture by a decoder that needs no canvas.
 * @param bytes of the file, with the edits of its header
 * @param readback the reason why the canvas is not used
 * @throws {DecodeError} `poisoned` or `unsupported` if there is no such decoder, else the decoder's
 */
export async function decodeWithoutCanvas(
  bytes: Uint8Array<ArrayBuffer>,
  header: ImageHeader,
  readback: Readback,
): Promise<DecodedPicture> {
  const { format, plain } = header;
  const load = plain ? DECODERS[format] : undefined;
  if (load === undefined) {
    throw readback === 'altered'
      ? new DecodeError(
          'poisoned',
          `this browser alters the pixels that pages read, so this ${format} file has no true hash here: save the picture as JPEG, or use another browser`,
        )
      : new DecodeError('unsupported', `this browser is too old to hash a ${format} file`);
  }
  let decoder: Awaited<ReturnType<typeof load>>;
  try {
    decoder = await load();
  } catch (cause) {
    throw new DecodeError('decoder-missing', `the decoder for ${format} could not be loaded`, {
      cause,
    });
  }
  try {
    return pictureOf(checkedPixels(await decoder.decode(bytes)), header);
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    throw corrupt(format, cause);
  }
}
