import { DecodeError } from '../../errors.js';
import { lengthOf, readBytes } from '../../node/read-bytes.js';

/** As a hash pool has them: a few slow senders would hold the memory of all others. */
export const PACE = { minBytesPerSecond: 1024, idleSeconds: 30 };

/** The parser is quick with few large parts, and holds the process with a million small ones. */
const MOST_PARTS = 1000;
/** It reads headers byte by byte: 64 MB of them would hold the process for 20 seconds. */
const MOST_HEADER_BYTES = 16 * 1024;
/** What a boundary may have (RFC 2046, 5.1.1). */
const BOUNDARY = /^[\w'()+,./:=? -]{1,70}$/;

/** Of forms or of files, at a time. */
export const MAX_BYTES_HELD = 256 * 2 ** 20;
/** More than people choose at once. */
export const MAX_FILES = 20;

/** How much forms may hold. */
export interface FormLimits {
  /** most bytes of a form */
  readonly maxBytes: number;
  /** bytes of forms that are held at a time */
  readonly maxBytesHeld: number;
  /**
   * bytes that a form has before it is read; it gets more as it comes, or is `busy` halfway.
   * Without it, a form has all from the start that it may need, and a few that stall hold them all
   */
  readonly firstBytes?: number;
  /** most files of a form; by default 20 */
  readonly maxFiles?: number;
}

/** A form in memory. */
export interface HeldForm {
  readonly form: FormData;
  /** to be called once it is not used any more; again, it does nothing */
  release(): void;
}

/**
 * Whether a body may be read as a `multipart/form-data` form. If a header names several types,
 * `Request.formData` takes the last that it knows: one is enough.
 */
export const isForm = (type: string | null): type is string =>
  type !== null && /(^|,)\s*multipart\/form-data\s*([;,]|$)/i.test(type);

/**
 * Reads forms, in bounded memory. A form is held as long as it is used, since only its end shows
 * that it is whole.
 */
export class FormReader {
  readonly #limits: FormLimits;
  #held = 0;

  constructor(limits: FormLimits) {
    this.#limits = limits;
  }

  /**
   * Reads the form of a request.
   * @throws {DecodeError} `busy`, and nothing was read unless there is `firstBytes`;
   *   `too-many-bytes`, for too many files too; `too-slow`, or `unreadable` if it is no whole form
   */
  async read(request: Request, signal: AbortSignal = request.signal): Promise<HeldForm> {
    const { maxBytes, firstBytes = maxBytes, maxFiles = MAX_FILES } = this.#limits;
    let held = 0;
    const holdUpTo = (bytes: number) => {
      const more = Math.max(0, bytes - held);
      if (this.#held + more > this.#limits.maxBytesHeld) {
        throw new DecodeError('busy', 'too many forms');
      }
      this.#held += more;
      held += more;
    };
    const release = () => {
      this.#held -= held;
      held = 0;
    };
    const most = Math.min(lengthOf(request) ?? maxBytes, maxBytes);
    holdUpTo(Math.min(most, firstBytes));
    const room = async (needed: number) => {
      holdUpTo(Math.min(needed, most));
      return held;
    };
    try {
      const form = await formOf(request, maxBytes, signal, room);
      if (filesOf(form).length > maxFiles) {
        throw new DecodeError('too-many-bytes', `expected at most ${maxFiles} files`);
      }
      return { form, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}

async function formOf(
  request: Request,
  maxBytes: number,
  signal: AbortSignal,
  room: (bytes: number) => Promise<number>,
): Promise<FormData> {
  const type = request.headers.get('content-type') ?? '';
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  try {
    const bytes = await readBytes(request, { maxBytes, signal, room, ...PACE });
    if (boundary === undefined || !BOUNDARY.test(boundary)) {
      throw new TypeError('expected a boundary');
    }
    checkParts(bytes, `--${boundary}`);
    const body = bytes as Uint8Array<ArrayBuffer>;
    // By the boundary that was looked for, whatever else the header says.
    const headers = { 'content-type': `multipart/form-data; boundary="${boundary}"` };
    const response = new Response(body, { headers });
    return (await response.formData()) as FormData;
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    // The parser's error may quote the form.
    throw new DecodeError('unreadable', 'the form cannot be read');
  }
}

/** @throws {RangeError} if there are more parts, or longer headers, than a form of people has */
function checkParts(bytes: Uint8Array, delimiter: string): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (
    let at = buffer.indexOf(delimiter);
    at >= 0;
    at = buffer.indexOf(delimiter, at + delimiter.length)
  ) {
    if (++count > MOST_PARTS) throw new RangeError('expected fewer parts');
    const head = buffer.subarray(at, at + MOST_HEADER_BYTES);
    if (head.length === MOST_HEADER_BYTES && !head.includes('\r\n\r\n')) {
      throw new RangeError('expected shorter headers');
    }
  }
}

/** The files of a form: browsers send a field for one that was not chosen, nameless and empty. */
export const filesOf = (form: FormData): File[] =>
  [...form.values()].filter(
    (value): value is File => value instanceof Blob && (value.size > 0 || value.name !== ''),
  );
