import { DecodeError } from '../../errors.js';
import { videoFormatOf } from '../../formats/video-format.js';
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

/** Frames of a picture that may be a copy of a video, see `LEAST_FRAMES` in `video/video.ts`. */
const LEAST_FRAMES = 3;

const sum = (times: Times) => STAGES.reduce((all, stage) => all + times[stage], 0);

/**
 * The variants of an upload: its digests, then those of its picture, which is decoded only if they
 * do not match. A picture that moves is then a video, too.
 */
export class FileVariants {
  readonly #upload: Upload;
  readonly #decode: (file: Uint8Array) => Promise<Leased>;
  readonly #onBytes: CheckOptions['onBytes'];
  #decoding: Promise<Leased> | undefined;
  #leased: Leased | undefined;
  #error: unknown;
  #isOver = false;
  /** true if the frames of a picture were all searched, as those of a video */
  isVideo = false;

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
   * @param ofVideo decides about a video, which has no variants of its own
   * @param generation of the list as it is
   * @throws {DecodeError} if there is no picture, and the digests came near nothing
   */
  async decidedBy(
    decide: (variants: Parameters<Decide>[0]) => Promise<Decision>,
    ofVideo: () => Promise<Decision>,
    generation: () => number | undefined,
  ): Promise<Decision> {
    const { digests } = this.#upload;
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
    let unread: unknown;
    const asPicture = await this.#asPicture(file, decide).catch((error) => {
      // No picture can be had from some AVIF sequences.
      if (!(error instanceof DecodeError) || error.code !== 'unsupported') throw error;
      unread = error;
    });
    const asVideo = await this.#inMotion(asPicture ?? {}, file, ofVideo);
    if (asVideo) return asVideo;
    if (!asPicture) throw unread;
    if (!this.#upload.video || generation() === asPicture.generation) return asPicture;
    // Entries that it is for review by may have been withdrawn meanwhile.
    return await this.#asPicture(file, decide);
  }

  async #asPicture(
    file: Uint8Array | undefined,
    decide: (variants: Parameters<Decide>[0]) => Promise<Decision>,
  ): Promise<Decision> {
    const { times } = this.#upload;
    const before = performance.now() - sum(times);
    const looksCloser = { get: () => this.first?.looksCloser === true };
    this.#isOver = false;
    const variants = Object.defineProperty(this.#variants(file), 'looksCloser', looksCloser);
    try {
      const { refined, ...decision } = await decide(variants as Parameters<Decide>[0]);
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

  /**
   * The decision about a picture that moves as a video, if that finds more than the one about some
   * of its frames.
   */
  async #inMotion(
    { verdict, reason }: Partial<Decision>,
    file: Uint8Array | undefined,
    ofVideo: () => Promise<Decision>,
  ): Promise<Decision | undefined> {
    const format = file && videoFormatOf(file);
    if (!format) return undefined;
    // Those of an AVIF are not counted.
    const { total = format === 'avif' ? LEAST_FRAMES : 1 } = this.first?.facts.frames ?? {};
    if (total < LEAST_FRAMES) return undefined;
    if (verdict === 'match' || reason === 'nothing-comparable') return undefined;
    const kept = this.#upload.keepAsVideo(file);
    const asVideo = await kept
      .then((isKept) => (isKept ? ofVideo() : undefined))
      .catch((error) => {
        // There is no FFmpeg or no room on the disk, or FFmpeg is stricter than we are.
        if (error instanceof DecodeError) return undefined;
        throw error;
      });
    this.isVideo = asVideo !== undefined && asVideo.verdict !== 'unhashable';
    const isMore = asVideo?.verdict === 'match' || (this.isVideo && (verdict ?? 'none') === 'none');
    return isMore ? asVideo : undefined;
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
