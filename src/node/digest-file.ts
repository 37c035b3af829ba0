import { checkedOptions } from '../door.js';
import { DecodeError } from '../errors.js';
import type { Hash } from '../hash.js';
import { DIGEST_FILE_OPTIONS, type DigestFileOptions } from '../picture/options.js';
import { FileDigests } from './file-digests.js';
import { type ImageSource, readDigested } from './read-bytes.js';

/**
 * Digests of a file, whatever it is, read once and not held. On a list, a digest finds that very
 * file, byte for byte: a copy that a messenger has compressed again is another file.
 * @returns a hash for each algorithm, in their order; rejects with `signal.reason` on abort
 * @throws {DecodeError} `empty`, `unreadable` or `too-many-bytes`
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const [hash] = await digestFile('video.mp4', { algorithms: ['md5'] });
 */
export async function digestFile(
  source: ImageSource,
  options: DigestFileOptions = {},
): Promise<Hash[]> {
  const { algorithms, maxBytes, signal } = checkedOptions(options, DIGEST_FILE_OPTIONS);
  const taken = new FileDigests(algorithms, { maxBytes });
  let isEmpty = false;
  try {
    isEmpty = (await readDigested(source, { maxBytes: 1, signal }, taken)).length === 0;
  } catch (error) {
    // It is too long to be held, as intended, but was read to its end.
    if (taken.variants.length === 0) throw error;
  }
  if (isEmpty) throw new DecodeError('empty', 'expected a file, got no bytes');
  return taken.variants.map(({ hash }) => hash);
}
