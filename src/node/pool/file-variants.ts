import { DecodeError } from '../../errors.js';
import { type Decision, STAGES } from '../../matching/decision.js';
import type { HashedVariant } from '../../variant.js';
import type { Times, Upload } from './admission.js';
import type { CheckOptions, Decide } from './hash-pool.js';
import type { FirstBatch, WorkerLease } from './worker-lease.js';

/** A picture that a worker has decoded, and its first variants. */
export interface Leased {
  readonly lease: WorkerLease;
  readonly first: FirstBatch;
}

const sum = (times: Times) => STAGES.reduce((all, stage) => all + times[stage], 0);

/**
 * The variants of an upload: its digests, then those of its picture, which is decoded only if they
 * do not match.
 */
export class FileVariants {
  readonly #upload: Upload;
  readonly #decode: (file: Uint8Array) => Promise<Leased>;
  readonly #onBytes: CheckOptions['onBytes'];
  #decoding: Promise<Leased> | undefined;
  #leased: Leased | undefined;
  #error: unknown;
  #isOver = false;

  constructor(
    upload: Upload,
    decode: (file: Uint8Array) => Promise<Leased>,
    onBytes: CheckOptions['onBytes'],
  ) {
    this.#upload = upload;
    this.#decode = decode;
    this.#onBytes = onBytes;
  }

  /** The first variants of the picture; undefined if it was not decoded. */
  get first(): FirstBatch | undefined {
    return this.#leased?.first;
  }

  /**
   * The decision about them.
   * @param ofVideo decides about a video, which has none
   * @throws {DecodeError} if there is no picture, and the digests came near nothing
   */
  async decidedBy(
    decide: (variants: Parameters<Decide>[0]) => Promise<Decision>,
    ofVideo: () => Promise<Decision>,
  ): Promise<Decision> {
    const { times, digests } = this.#upload;
    let file: Uint8Array | undefined;
    try {
      file = await this.#upload.read();
      if (!this.#upload.video) this.#onBytes?.(file);
    } catch (error) {
      this.#error = digests!.explained(error);
      const { code } = this.#error instanceof DecodeError ? this.#error : {};
      if (code !== 'too-many-bytes' && code !== 'not-a-picture') throw this.#error;
    }
    if (this.#upload.video && this.#error === undefined) return await ofVideo();
    const before = performance.now() - sum(times);
    const looksCloser = { get: () => this.first?.looksCloser === true };
    const variants = Object.defineProperty(this.#variants(file), 'looksCloser', looksCloser);
    try {
      const { refined, ...decision } = await decide(variants);
      // Digests have no places to refine.
      const isRefined = this.#leased && refined !== undefined && { refined };
      times.search = performance.now() - sum(times) - before;
      // A file for review by its digest may match as a picture.
      const isOther = (this.#error as DecodeError | undefined)?.code === 'not-a-picture';
      const isDecided = decision.verdict === 'match' || (isOther && decision.matches.length > 0);
      if (this.#error !== undefined && !isDecided) throw this.#error;
      return { ...decision, ...isRefined };
    } finally {
      // A search that failed may not have waited for its picture.
      this.#isOver = true;
      const leased = await this.#decoding?.catch(() => undefined);
      leased?.lease.end();
    }
  }

  async *#variants(file: Uint8Array | undefined): AsyncGenerator<HashedVariant, void, unknown> {
    yield* this.#upload.digests!.variants;
    if (!file || this.#isOver) return;
    try {
      this.#decoding = this.#decode(file);
      this.#leased = await this.#decoding;
    } catch (error) {
      this.#error = this.#upload.digests!.explained(error);
      return;
    }
    yield* this.#leased.lease.variants(this.#leased.first);
  }
}
