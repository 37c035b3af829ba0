import { checkInteger, checkObject } from '../door.js';
import { DecodeError } from '../errors.js';
import type { Decision } from '../matching/decision.js';
import { readBytes } from '../node/read-bytes.js';
import { type FileStream, keptFile } from './form-file.js';
import { MAX_BYTES_HELD } from './read-form.js';
import { Scanner, type ScanOptions } from './scanner.js';

/** What this needs of a part that `@fastify/multipart` gives. */
export interface FilePart {
  readonly file: FileStream;
}

/** A file that is kept. */
export interface CheckedPart {
  readonly bytes: Uint8Array;
  readonly decision: Decision;
}

/** How files are checked. */
export interface PartCheckOptions<Part> extends ScanOptions<Part> {
  /**
   * bytes of files that are held at a time, until they are given back. A file beyond them is
   * refused (503), also if it would be accepted without a check
   * @defaultValue 256 MiB, or `maxBytes` if that is more
   */
  maxBytesHeld?: number | undefined;
}

/**
 * Checks files of `@fastify/multipart`, each read to its end. What the plugin cut at its own
 * `limits.fileSize` (`file.truncated`; 1 MiB unless set) is refused, never checked as a whole. A
 * file that is refused gives an `UploadRefused`, whose status Fastify answers with.
 * @returns rejects with an `UploadRefused`, or with what `onDecision` or `check` throws
 * @throws {TypeError | RangeError} if an option is missing or invalid
 * @example
 * const checkPart = createPartCheck({ blocklist, onError: 'refuse' });
 * app.post('/upload', async (request) => {
 *   for await (const part of request.files()) await store(await checkPart(part));
 * });
 */
export function createPartCheck<Part extends FilePart>(
  options: PartCheckOptions<Part>,
): (part: Part, signal?: AbortSignal) => Promise<CheckedPart> {
  const scanner = new Scanner(options);
  const { maxBytes } = scanner;
  const { maxBytesHeld = Math.max(MAX_BYTES_HELD, maxBytes) } = options;
  checkInteger('maxBytesHeld', maxBytesHeld, maxBytes);
  let held = 0;
  return async (part, signal) => {
    checkObject(part, 'a file of a form: { file }');
    let own = 0;
    const hold = (bytes: number) => {
      if (held + bytes > maxBytesHeld) throw new DecodeError('busy', 'too many files');
      held += bytes;
      own += bytes;
    };
    try {
      const upload = { stream: part.file, upload: part, signal, hold };
      return await keptFile(scanner, upload, async (chunks, decision) => {
        return { bytes: await readBytes(chunks, { maxBytes }), decision };
      });
    } catch (error) {
      // The plugin waits for the end of each file.
      part.file?.destroy?.();
      throw error;
    } finally {
      held -= own;
    }
  };
}
