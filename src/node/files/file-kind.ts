import { isListFile } from '../../blocklist/records/list-bytes.js';
import { type ImageFormat, imageFormatOf } from '../../formats/image-format.js';
import { isSnapshot } from '../../indexing/snapshot.js';
import { headerOf, reading } from './index-file.js';

/** More than the 272 bytes that `imageFormatOf` reads. */
const HEAD_BYTES = 512;

/**
 * The kind of a file, from its first bytes: an index file or a blocklist file, of whatever version,
 * or a picture; undefined for anything else.
 * @param path as text or as bytes, of a regular file
 * @throws {TypeError} if `path` is neither text nor bytes
 * @throws {FormatError} `unreadable`
 */
export function fileKindOf(
  path: string | Buffer,
): Promise<'index' | 'blocklist' | ImageFormat | undefined> {
  return reading(path, async (file) => {
    const head = await headerOf(file, HEAD_BYTES);
    if (isSnapshot(head)) return 'index';
    return isListFile(head) ? 'blocklist' : imageFormatOf(head);
  });
}
