import { createHash } from 'node:crypto';
import { DecodeError } from '../errors.js';
import { beginsAsPicture, HEAD_BYTES, notAPicture } from '../formats/picture-magic.js';
import { type Digest, newHash } from '../hash.js';
import type { HashedVariant } from '../variant.js';

const NOT_COMPARED = '; nothing was compared, since no list holds digests';

/** Bytes that a turn of the event loop digests: about 2 ms. */
export const DIGEST_PIECE = 2 ** 20;

/** The digests of one file, taken while its bytes pass by. */
export class FileDigests {
  /** a longer file is not digested */
  readonly maxBytes: number;
  readonly #hashes: readonly (readonly [Digest, ReturnType<typeof createHash>])[];
  #variants: readonly HashedVariant[] | undefined;
  #head = new Uint8Array(0);
  #length = 0;
  readonly #isHeld: boolean;
  #isOther: boolean | undefined;

  /** @param limits `isHeld`: someone wants the bytes, of whatever kind */
  constructor(algorithms: readonly Digest[], limits: { maxBytes: number; isHeld?: boolean }) {
    this.maxBytes = limits.maxBytes;
    this.#isHeld = limits.isHeld === true;
    this.#hashes = algorithms.map((algorithm) => [algorithm, createHash(algorithm)]);
  }

  /** The next bytes of the file; only read. */
  update(bytes: Uint8Array): void {
    if (this.#head.length < HEAD_BYTES) {
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, HEAD_BYTES - this.#head.length)]);
    }
    this.#length += bytes.length;
    if (this.#length > this.maxBytes) return;
    for (const [, hash] of this.#hashes) hash.update(bytes);
  }

  /** The file is complete. */
  end(): void {
    if (this.#length > this.maxBytes) return;
    this.#variants = this.#hashes.map(([algorithm, hash]) => ({
      name: 'file',
      hash: newHash(algorithm, new Uint8Array(hash.digest())),
    }));
  }

  /** True once enough is read to know the kind of the file. */
  get knowsKind(): boolean {
    return this.#head.length === HEAD_BYTES;
  }

  /** True once the file is known to be no picture, unless its bytes are wanted. */
  get needsNoBytes(): boolean {
    if (this.#isHeld || !this.knowsKind) return false;
    this.#isOther ??= !beginsAsPicture(this.#head);
    return this.#isOther;
  }

  /**
   * The error for a file that is longer than a picture may be: `not-a-picture` if it begins as
   * something else, once it was compared by every digest that a list holds.
   */
  tooLong(error: DecodeError): DecodeError {
    const isAnswered = this.#variants !== undefined || this.#hashes.length === 0;
    const isPicture = this.#head.length === 0 || beginsAsPicture(this.#head);
    return isAnswered && !isPicture ? notAPicture() : error;
  }

  /** The same error; that of a file of another kind says what it was compared by, if it was. */
  explained(error: unknown): unknown {
    if (!(error instanceof DecodeError && error.code === 'not-a-picture')) return error;
    const digests = this.#hashes.map(([algorithm]) => algorithm).join(', ');
    if (digests !== '' && !this.#variants) {
      const message = `expected at most ${this.maxBytes} bytes of a file that is no picture`;
      return new DecodeError('too-many-bytes', message);
    }
    return notAPicture(digests === '' ? NOT_COMPARED : `; it was compared by ${digests}`);
  }

  /** A variant for each digest; none if the file was not read to its end. */
  get variants(): readonly HashedVariant[] {
    return this.#variants ?? [];
  }
}
