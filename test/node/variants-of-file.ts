import { decodeUntil } from '../../src/node/decode/decode.js';
import { type HashFileOptions, pictureOfDecoded } from '../../src/node/hash-file.js';
import { type ImageSource, readBytes } from '../../src/node/read-bytes.js';
import { type PictureVariants, variantsOfPicture } from '../../src/picture/hash-picture.js';

/** The variants of a file, each hashed only when it is asked for, so that `match` refines them. */
export async function variantsOfFile(
  source: ImageSource,
  options: HashFileOptions = {},
): Promise<PictureVariants> {
  const { signal } = new AbortController();
  const decoded = await decodeUntil(signal, await readBytes(source), options);
  return await variantsOfPicture(await pictureOfDecoded(decoded, signal, options), options);
}
