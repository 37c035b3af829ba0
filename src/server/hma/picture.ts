import type { Blocklist } from '../../blocklist/blocklist.js';
import type { BlocklistEntry } from '../../entry.js';
import { DecodeError, type DecodeErrorCode } from '../../errors.js';
import type { Resample } from '../../hash.js';
import type { Decision } from '../../matching/decision.js';
import type { MatchRules } from '../../matching/match.js';
import { digestFile } from '../../node/digest-file.js';
import type { Decide } from '../../node/pool/create-hash-pool.js';
import { readBytes } from '../../node/read-bytes.js';
import { hashVideo } from '../../node/video/hash-video.js';
import { Turns } from '../../picture/waiting.js';
import type { HashedImage } from '../../variant.js';
import { filesOf, isForm } from '../http/read-form.js';
import { type Call, Refusal } from '../http/route.js';
import type { ServiceParts } from '../routes/parts.js';
import { isRaw } from '../uploads/scan.js';
import { type ContentType, contentType, type SignalType, signalTypes } from './signals.js';
import { entriesOfContent } from './videos.js';

/** A file of a request, with the request's other fields. */
export interface HmaPicture {
  readonly type: ContentType;
  /** the signal types that the caller wants of it */
  readonly types: readonly SignalType[];
  readonly source: Uint8Array | AsyncIterable<Uint8Array>;
  /** the other fields of the form, or of the query if the picture was fetched */
  readonly fields: URLSearchParams;
}

/** A video by the entries of its MD5 and of its frames. */
export interface HmaVideo {
  readonly entries: readonly BlocklistEntry[];
  /** why frames are missing; absent: there are all */
  readonly missing?: DecodeErrorCode;
}

/** Reasons for which no frame can be had of a file, now or later. */
const NO_FRAMES: readonly DecodeErrorCode[] = [
  'decoder-missing',
  'not-a-picture',
  'unsupported',
  'corrupt',
  'too-many-frames',
  'too-many-pixels',
  'too-costly',
];

/** True if a file's MD5 alone is an answer, since there are no frames. */
export const hasNoFrames = (reason: string): boolean => NO_FRAMES.some((one) => one === reason);

/** Reads the files of requests in bounded memory, and hashes pictures in a pool. */
export class HmaHasher {
  readonly #parts: ServiceParts;
  readonly #resample: Resample;
  readonly #videos: Turns;

  /** @param resample PDQ's size convention; HMA does not resample */
  constructor(parts: ServiceParts, resample: Resample) {
    this.#parts = parts;
    this.#resample = resample;
    this.#videos = new Turns(parts.pool.workers);
  }

  /**
   * Calls `use` with the file of a request: from the address in the query, if there is one, the
   * body of a PUT, which is a photo, or the only file of the form, under the name of its content
   * type.
   * @throws {Refusal | DecodeError} if there is no picture; and any error of `use`
   */
  async picture<T>(call: Call, use: (picture: HmaPicture) => Promise<T>): Promise<T> {
    const { request, url, signal } = call;
    if (url.searchParams.has('url')) return await use(await this.#fetched(call));
    const type = request.headers.get('content-type');
    if (request.method === 'PUT' && isRaw(type)) {
      const fields = url.searchParams;
      const types = signalTypes(fields.get('types'), 'photo');
      return await use({ type: 'photo', types, source: request.body ?? new Uint8Array(), fields });
    }
    if (!isForm(type)) {
      throw new Refusal('bad-request', 'expected a file in multipart/form-data');
    }
    const { form, release } = await this.#parts.forms.read(request, signal);
    try {
      return await use(await this.#fileOf(form, url.searchParams.get('types')));
    } finally {
      release();
    }
  }

  /**
   * The hash of a full picture, never of a draft, since it may be listed.
   * @throws {DecodeError}
   */
  async hash(
    { source }: HmaPicture,
    signal: AbortSignal,
    options: { parts?: boolean } = {},
  ): Promise<HashedImage> {
    const { pool, maxBytes } = this.#parts;
    const whole = { variants: 'none', decoding: 'full', resample: this.#resample } as const;
    return await pool.hash(source, { ...whole, ...options, maxBytes, signal });
  }

  /**
   * The MD5 of a video's bytes, whatever they are, and its frames, as many videos at a time as the
   * pool has workers. If no frame can be decoded, the MD5 alone is the answer.
   * @throws {DecodeError} if only frames are wanted and there are none; or if it was not tried
   */
  async video({ source, types }: HmaPicture, signal: AbortSignal): Promise<HmaVideo> {
    const { videos } = this.#parts.pool;
    const limits = { maxBytes: this.#parts.maxBytes, signal };
    const file = types.includes('vpdq') ? await readBytes(source, limits) : source;
    const [md5] = await digestFile(file, { algorithms: ['md5'], ...limits });
    const files = types.includes('video_md5') ? [md5!] : [];
    const byFile = entriesOfContent(files, []);
    if (!types.includes('vpdq')) return { entries: byFile };
    try {
      if (videos === undefined) {
        throw new DecodeError(
          'unsupported',
          'this service decodes no videos: expected a pool with videos, or serve --videos',
        );
      }
      const { maxSpoolBytes: _, ...ofVideos } = videos;
      const hash = () => hashVideo(file, { ...ofVideos, ...limits });
      const { frames, partial: missing } = await this.#videos.run(hash, signal);
      return { entries: entriesOfContent(files, frames), ...(missing && { missing }) };
    } catch (error) {
      if (files.length === 0 || !(error instanceof DecodeError) || !hasNoFrames(error.code))
        throw error;
      return { entries: byFile, missing: error.code };
    }
  }

  /** Checks a picture by all its variants, or a video by its digests and frames. */
  async check(
    { source }: HmaPicture,
    list: Blocklist | Decide,
    options: MatchRules & { signal: AbortSignal },
  ): Promise<Decision> {
    const { pool, maxBytes } = this.#parts;
    return await pool.check(source, list, { ...options, all: true, maxBytes });
  }

  async #fetched({ url, signal }: Call): Promise<HmaPicture> {
    const { fetchPicture } = this.#parts;
    const type = contentType(url.searchParams.get('content_type') || 'photo');
    const types = signalTypes(url.searchParams.get('types'), type);
    if (!fetchPicture) {
      throw new Refusal('not-available', 'expected a file: this service fetches no URLs');
    }
    const source = await fetchPicture(url.searchParams.get('url')!, { signal });
    return { type, types, source, fields: url.searchParams };
  }

  async #fileOf(form: FormData, wanted: string | null): Promise<HmaPicture> {
    const fields = new URLSearchParams();
    for (const [name, value] of form) if (typeof value === 'string') fields.append(name, value);
    const files = filesOf(form);
    if (files.length !== 1) throw new Refusal('bad-request', 'expected one file');
    const [name] = [...form].find(([, value]) => value === files[0]!)!;
    const type = contentType(name);
    const types = signalTypes(wanted, type);
    if (files[0]!.size > this.#parts.maxBytes) {
      throw new Refusal('too-many-bytes', 'expected a smaller picture');
    }
    return { type, types, source: new Uint8Array(await files[0]!.arrayBuffer()), fields };
  }
}
