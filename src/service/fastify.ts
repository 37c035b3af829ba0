import { checkObject } from '../door.js';
import type { Decision } from '../matching/decision.js';
import { readBytes } from '../node/read-bytes.js';
import { type FileStream, keptFile } from './form-file.js';
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
  options: ScanOptions<Part>,
): (part: Part, signal?: AbortSignal) => Promise<CheckedPart> {
  const scanner = new Scanner(options);
  return async (part, signal) => {
    checkObject(part, 'a file of a form: { file }');
    try {
      const { file, decision } = await keptFile(scanner, part.file, part, signal);
      return { bytes: await readBytes(file.read(), { maxBytes: scanner.maxBytes }), decision };
    } catch (error) {
      // The plugin waits for the end of each file.
      part.file?.destroy?.();
      throw error;
    }
  };
}
