import { DecodeError } from '../../errors.js';
import { lengthOf, readBytes } from '../../node/read-bytes.js';

/** The same as a hash pool's. Without it, a few slow senders would hold all the memory. */
export const PACE = { minBytesPerSecond: 1024, idleSeconds: 30 };

/** The parser is fast on a few large parts, and blocks the process on a million small ones. */
const MOST_PARTS = 1000;
/** It reads headers byte by byte: 64 MB of them would block the process for 20 seconds. */
const MOST_HEADER_BYTES = 16 * 1024;
/** Syntax of a boundary (RFC 2046, 5.1.1). */
const BOUNDARY = /^[\w'()+,./:=? -]{1,70}$/;

/** Bytes of forms or files held at a time. */
export const MAX_BYTES_HELD = 256 * 2 ** 20;
/** More than people usually choose at once. */
export const MAX_FILES = 20;

/** Limits of forms. */
export interface FormLimits {
  /** size limit of a form, in bytes */
  readonly maxBytes: number;
  /** bytes of all forms held at a time */
  readonly maxBytesHeld: number;
  /**
   * bytes reserved for a form before it is read; more are reserved as it arrives, or it is `busy`
   * halfway. Without it, a form reserves its maximum from the start, and a few stalled ones block
   * the others
   */
  readonly firstBytes?: number;
  /** maximum number of files in a form; default 20 */
  readonly maxFiles?: number;
}

/** A form in memory. */
export interface HeldForm {
  readonly form: FormData;
  /** Call once when done; later calls are no-ops. */
  release(): void;
}

/**
 * True if a body may be read as a `multipart/form-data` form. If a header names several types,
 * `Request.formData` uses the last that it knows, so one is enough.
 */
export const isForm = (type: string | null): type is string =>
  type !== null && /(^|,)\s*multipart\/form-data\s*([;,]|$)/i.test(type);

/**
 * Reads forms in bounded memory. A form is held while in use, since only its end proves it
 * complete.
 */
export class FormReader {
  readonly #limits: FormLimits;
  #held = 0;

  constructor(limits: FormLimits) {
    this.#limits = limits;
  }

  /**
   * Reads the form of a request.
   * @throws {DecodeError} `busy`, with nothing read unless `firstBytes` is set; `too-many-bytes`,
   *   also for too many files; `too-slow`; `unreadable` if the form is malformed or incomplete
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
    // Parsed by the boundary checked above, whatever else the header says.
    const headers = { 'content-type': `multipart/form-data; boundary="${boundary}"` };
    const response = new Response(body, { headers });
    return (await response.formData()) as FormData;
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    // The parser's error may quote the form.
    throw new DecodeError('unreadable', 'the form cannot be read');
  }
}

/** @throws {RangeError} if there are more parts, or longer headers, than a real form has */
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

/** The files of a form, without the nameless empty one that browsers send if none was chosen. */
export const filesOf = (form: FormData): File[] =>
  [...form.values()].filter(
    (value): value is File => value instanceof Blob && (value.size > 0 || value.name !== ''),
  );
