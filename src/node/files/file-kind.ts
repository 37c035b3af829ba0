import { isListFile } from '../../blocklist/records/list-bytes.js';
import { type ImageFormat, imageFormatOf } from '../../formats/image-format.js';
import { VIDEO_HEAD_BYTES, videoFormatOf } from '../../formats/video-format.js';
import { isSnapshot } from '../../indexing/snapshot.js';
import { headerOf, reading } from './index-file.js';

/**
 * The kind of a file, from its first bytes: an index file or a blocklist file, of whatever version,
 * or a picture, or a video as `hashVideo` reads it; undefined for anything else. An
 * animated picture is a picture.
 * @param path as text or as bytes, of a regular file
 * @throws {TypeError} if `path` is neither text nor bytes
 * @throws {FormatError} `unreadable`
 */
export function fileKindOf(
  path: string | Buffer,
): Promise<'index' | 'blocklist' | ImageFormat | 'video' | undefined> {
  return reading(path, async (file) => {
    const head = await headerOf(file, VIDEO_HEAD_BYTES);
    if (isSnapshot(head)) return 'index';
    if (isListFile(head)) return 'blocklist';
    return imageFormatOf(head) ?? (videoFormatOf(head) && 'video');
  });
}
