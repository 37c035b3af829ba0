import { callback, checkedOptions, type OptionTable, tableOf } from '../door.js';
import { DecodeError } from '../errors.js';
import { type Digest, type Hash, newHash } from '../hash.js';
import { DIGEST_FILE_OPTIONS, type DigestFileOptions } from '../picture/options.js';

/** Bytes of the file in memory at a time. */
const PIECE_BYTES = 4 * 2 ** 20;

/** Options of `digestFile` in browsers. */
export interface DigestBlobOptions extends DigestFileOptions {
  /** called after each piece with the number of bytes read so far */
  onProgress?: (bytes: number) => void;
}

export const DIGEST_BLOB_OPTIONS = /* @__PURE__ */ tableOf(DIGEST_FILE_OPTIONS, {
  onProgress: { is: callback },
}) satisfies OptionTable<DigestBlobOptions>;

/**
 * Digests of a file, whatever it is, read once in pieces of 4 MiB, by the optional package
 * `@noble/hashes`: `SubtleCrypto` would hold the whole file. On a list, a digest finds that very
 * file, byte for byte: a copy that a messenger has compressed again is another file.
 * @param file of an input or a drop, or any other `Blob`; only read
 * @returns a hash for each algorithm, in their order; rejects with `signal.reason` on abort
 * @throws {DecodeError} `empty`, `unreadable`, `too-many-bytes` or `decoder-missing`
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export async function digestFile(file: Blob, options: DigestBlobOptions = {}): Promise<Hash[]> {
  const { algorithms, maxBytes, signal, onProgress } = checkedOptions(options, DIGEST_BLOB_OPTIONS);
  if (!(file instanceof Blob)) throw new TypeError('expected a File or a Blob');
  if (file.size === 0) throw new DecodeError('empty', 'expected a file, got no bytes');
  if (file.size > maxBytes) {
    throw new DecodeError('too-many-bytes', `expected at most ${maxBytes} bytes`);
  }
  const make = await digesters();
  const taken = algorithms.map((algorithm) => [algorithm, make[algorithm].create()] as const);
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    signal?.throwIfAborted();
    const piece = file.slice(at, at + PIECE_BYTES);
    const bytes = new Uint8Array(await piece.arrayBuffer().catch(unreadable));
    for (const [, hash] of taken) hash.update(bytes);
    onProgress?.(Math.min(at + PIECE_BYTES, file.size));
  }
  return taken.map(([algorithm, hash]) => newHash(algorithm, hash.digest()));
}

async function digesters() {
  try {
    const { md5, sha1 } = await import('@noble/hashes/legacy.js');
    const { sha256 } = await import('@noble/hashes/sha2.js');
    return { md5, sha1, sha256 } satisfies Record<Digest, unknown>;
  } catch (cause) {
    throw new DecodeError('decoder-missing', 'digests in a browser need @noble/hashes', { cause });
  }
}

function unreadable(cause: unknown): never {
  throw new DecodeError('unreadable', 'the file cannot be read', { cause });
}
