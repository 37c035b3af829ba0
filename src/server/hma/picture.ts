import type { Blocklist } from '../../blocklist/blocklist.js';
import type { Resample } from '../../hash.js';
import type { Decision } from '../../matching/decision.js';
import type { MatchRules } from '../../matching/match.js';
import { digestFile } from '../../node/digest-file.js';
import type { Decide } from '../../node/pool/create-hash-pool.js';
import type { HashedImage } from '../../variant.js';
import { filesOf, isForm } from '../http/read-form.js';
import { type Call, Refusal } from '../http/route.js';
import type { ServiceParts } from '../routes/parts.js';
import { type ContentType, checkSignalTypes, contentType } from './signals.js';

/** A file of a request, with the request's other fields. */
export interface HmaPicture {
  readonly type: ContentType;
  readonly source: Uint8Array | AsyncIterable<Uint8Array>;
  /** the other fields of the form, or of the query if the picture was fetched */
  readonly fields: URLSearchParams;
}

/** Reads the files of requests in bounded memory, and hashes pictures in a pool. */
export class HmaHasher {
  readonly #parts: ServiceParts;
  readonly #resample: Resample;

  /** @param resample PDQ's size convention; HMA does not resample */
  constructor(parts: ServiceParts, resample: Resample) {
    this.#parts = parts;
    this.#resample = resample;
  }

  /**
   * Calls `use` with the file of a request: from the address in the query, if there is one, or the
   * only file of the form, under the name of its content type.
   * @throws {Refusal | DecodeError} if there is no picture; and any error of `use`
   */
  async picture<T>(call: Call, use: (picture: HmaPicture) => Promise<T>): Promise<T> {
    const { request, url, signal } = call;
    if (url.searchParams.has('url')) return await use(await this.#fetched(call));
    if (!isForm(request.headers.get('content-type'))) {
      throw new Refusal('bad-request', 'expected a file in multipart/form-data');
    }
    const { form, release } = await this.#parts.forms.read(request, signal);
    try {
      const file = await this.#fileOf(form);
      checkSignalTypes(url.searchParams.get('types'), file.type);
      return await use(file);
    } finally {
      release();
    }
  }

  /**
   * The hash of a full picture, never of a draft, since it may be listed; of a video the MD5 of its
   * bytes, whatever they are.
   * @throws {DecodeError}
   */
  async hash(
    { type, source }: HmaPicture,
    signal: AbortSignal,
    options: { parts?: boolean } = {},
  ): Promise<HashedImage> {
    const { pool, maxBytes } = this.#parts;
    if (type === 'video') {
      const [hash] = await digestFile(source, { algorithms: ['md5'], maxBytes, signal });
      return { hash: hash!, variants: [] };
    }
    const whole = { variants: 'none', decoding: 'full', resample: this.#resample } as const;
    return await pool.hash(source, { ...whole, ...options, maxBytes, signal });
  }

  /** Checks a picture by all its variants. */
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
    checkSignalTypes(url.searchParams.get('types'), type);
    if (!fetchPicture) {
      throw new Refusal('not-available', 'expected a file: this service fetches no URLs');
    }
    const source = await fetchPicture(url.searchParams.get('url')!, { signal });
    return { type, source, fields: url.searchParams };
  }

  async #fileOf(form: FormData): Promise<HmaPicture> {
    const fields = new URLSearchParams();
    for (const [name, value] of form) if (typeof value === 'string') fields.append(name, value);
    const files = filesOf(form);
    if (files.length !== 1) throw new Refusal('bad-request', 'expected one file');
    const [name] = [...form].find(([, value]) => value === files[0]!)!;
    const type = contentType(name);
    if (files[0]!.size > this.#parts.maxBytes) {
      throw new Refusal('too-many-bytes', 'expected a smaller picture');
    }
    return { type, source: new Uint8Array(await files[0]!.arrayBuffer()), fields };
  }
}
