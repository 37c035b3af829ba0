import type { Blocklist } from '../../blocklist/blocklist.js';
import type { Decision } from '../../matching/decision.js';
import type { MatchRules } from '../../matching/match.js';
import type { Decide } from '../../node/pool/create-hash-pool.js';
import type { HashedImage } from '../../variant.js';
import { filesOf, isForm } from '../http/read-form.js';
import { type Call, Refusal } from '../http/route.js';
import type { ServiceParts } from '../routes/parts.js';

/** A picture of a request, with the request's other fields. */
export interface HmaPicture {
  readonly source: Uint8Array | AsyncIterable<Uint8Array>;
  /** the other fields of the form, or of the query if the picture was fetched */
  readonly fields: URLSearchParams;
}

/** The only content type hashed here; HMA's `video` is not. */
const CONTENT_TYPE = 'photo';

/** Reads the pictures of requests in bounded memory, and hashes them in a pool. */
export class HmaHasher {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /**
   * Calls `use` with the picture of a request: from the address in the query, if there is one, or
   * the only file of the form, under the name of its content type.
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
      return await use(await this.#fileOf(form));
    } finally {
      release();
    }
  }

  /**
   * The hash of the full picture, never of a draft, since it may be listed.
   * @throws {DecodeError}
   */
  async hash(
    { source }: HmaPicture,
    signal: AbortSignal,
    options: { parts?: boolean } = {},
  ): Promise<HashedImage> {
    const { pool, maxBytes } = this.#parts;
    const whole = { variants: 'none', decoding: 'full' } as const;
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
    checkContentType(url.searchParams.get('content_type') || CONTENT_TYPE);
    if (!fetchPicture) {
      throw new Refusal('not-available', 'expected a file: this service fetches no URLs');
    }
    const source = await fetchPicture(url.searchParams.get('url')!, { signal });
    return { source, fields: url.searchParams };
  }

  async #fileOf(form: FormData): Promise<HmaPicture> {
    const fields = new URLSearchParams();
    for (const [name, value] of form) if (typeof value === 'string') fields.append(name, value);
    const files = filesOf(form);
    if (files.length !== 1) throw new Refusal('bad-request', 'expected one file');
    const [name] = [...form].find(([, value]) => value === files[0]!)!;
    checkContentType(name);
    if (files[0]!.size > this.#parts.maxBytes) {
      throw new Refusal('too-many-bytes', 'expected a smaller picture');
    }
    return { source: new Uint8Array(await files[0]!.arrayBuffer()), fields };
  }
}

function checkContentType(name: string): void {
  if (name !== CONTENT_TYPE) {
    throw new Refusal('bad-request', `expected the content type ${CONTENT_TYPE}`);
  }
}

/** @throws {Refusal} unless all signal types in the query are hashed here */
export function checkSignalTypes({ url }: Call): void {
  const types = url.searchParams
    .get('types')
    ?.split(',')
    .map((type) => type.trim());
  const named = types?.filter((type) => type !== '');
  if (named?.length === 0) throw new Refusal('bad-request', 'expected types to name a signal type');
  for (const type of named ?? []) checkSignalType(type);
}

/** @throws {Refusal} */
export function checkSignalType(type: string): void {
  if (type !== 'pdq') throw new Refusal('bad-request', 'expected the signal type pdq');
}
