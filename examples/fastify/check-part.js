// Checks files of `@fastify/multipart`, each read to its end.
import { buffer } from 'node:stream/consumers';
import { createUploadScanner } from 'onlyhashes/server';

/** @typedef {import('@fastify/multipart').MultipartFile} Part */
/** @typedef {import('onlyhashes').Decision} Decision */
/** @typedef {{ bytes: Buffer, decision: Decision }} CheckedPart */

/**
 * A refused file gives an `UploadRefused`, whose status Fastify answers with. At most
 * `maxBytesHeld` bytes of files are held at a time; a file beyond them is refused (503), also if it
 * would be accepted without a check.
 * @param {import('onlyhashes/server').ScanOptions<Part> & { maxBytesHeld?: number }} options
 */
export function createPartCheck({ maxBytesHeld = 256 * 2 ** 20, ...options }) {
  const scanner = createUploadScanner(options);
  /** @type {(chunks: AsyncIterable<Uint8Array>, decision: Decision) => Promise<CheckedPart>} */
  const whole = async (chunks, decision) => ({ bytes: await buffer(chunks), decision });
  let held = 0;
  /** @param {Part} part @param {AbortSignal} [signal] */
  return async (part, signal) => {
    let own = 0;
    const hold = (/** @type {number} */ bytes) => {
      if (held + bytes > maxBytesHeld) return false;
      held += bytes;
      own += bytes;
      return true;
    };
    try {
      return await scanner.keep(part.file, part, whole, { hold, signal });
    } catch (error) {
      // The plugin waits for the end of each file.
      part.file.destroy();
      throw error;
    } finally {
      held -= own;
    }
  };
}
