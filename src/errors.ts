/** Why an image could not be decoded. Codes are API; messages are not. */
export type DecodeErrorCode =
  /** there are no bytes */
  | 'empty'
  /** the file or stream cannot be opened or read */
  | 'unreadable'
  /** not one of the supported image formats, or no decoder is available for it */
  | 'unsupported'
  /** a known image format, but the bytes are truncated or malformed */
  | 'corrupt'
  /** more bytes than `maxBytes`, or more files of a form than `maxFiles` */
  | 'too-many-bytes'
  /** more pixels than `maxPixels` */
  | 'too-many-pixels'
  /** an animation of more than 4,000 frames, or a TIFF of more pages */
  | 'too-many-frames'
  /** reading, waiting, decoding and hashing took longer than `timeoutSeconds` */
  | 'timeout'
  /** a stream that came slower than `minBytesPerSecond`, or paused longer than `idleSeconds` */
  | 'too-slow'
  /** too many pictures wait already; nothing was read, and a later try may succeed */
  | 'busy'
  /** decoding and hashing took more CPU than `cpuSeconds` of the pool */
  | 'too-costly'
  /** the process that decoded it ended, or used more memory than it may */
  | 'crashed'
  /** the optional package that decodes this format is not installed */
  | 'decoder-missing'
  /** the platform does not return the picture's own pixels */
  | 'poisoned';

/**
 * The bytes are not an image that can be read. The message says what was expected and how to go on,
 * and quotes nothing from the file. The decoder's own error, if any, is in `cause`.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly code: DecodeErrorCode;

  constructor(code: DecodeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Why a hash list, a service's reply, an index file, a review log, a bundle or a withdrawal was not
 * read. Codes are API; messages are not.
 */
export type FormatErrorCode =
  /** the index file cannot be opened or read */
  | 'unreadable'
  /** a line whose hash does not have the hex digits of its algorithm */
  | 'bad-hash'
  /** a line that does not follow its format */
  | 'bad-line'
  /** a line longer than the limit */
  | 'line-too-long'
  /** more lines than the limit; the rest was not read */
  | 'too-many-lines'
  /** no text list but a bundle or a blocklist file, say, or not in UTF-8; nothing was read */
  | 'not-a-list'
  /** a record of a service's reply that does not follow its format */
  | 'bad-record'
  /** a service's reply that does not follow its format */
  | 'bad-reply'
  /** XML that is malformed, or that has a document type or an entity */
  | 'bad-xml'
  /** the file does not begin with our magic number */
  | 'bad-magic'
  /** written in a version that this library does not read */
  | 'bad-version'
  /** a header with an impossible algorithm, width or count */
  | 'bad-header'
  /** fewer or more bytes than expected */
  | 'bad-length'
  /** the checksum, or the digest of a record in a store, does not match the content */
  | 'bad-checksum'
  /** a list that is changed cannot be written: no room, no right, or a form that is only read */
  | 'unwritable'
  /** another running process writes this file */
  | 'in-use'
  /** a list was changed while it was fetched, so that the fetch has ended */
  | 'taken-over'
  /** the index file's data about an entry is malformed */
  | 'bad-notes'
  /** the generation is older than the one in place or the one asked for */
  | 'old-generation'
  /** not a bundle or withdrawal, or a member is missing, unknown or malformed */
  | 'bad-bundle'
  /** not a sealed file, damaged, or sealed to another key */
  | 'bad-seal'
  /** a withdrawal of no bundle that is there, or without its token */
  | 'bad-token';

/**
 * A file or text that is malformed. `line` (1-based), `record` (1-based, of a service's reply or a
 * review log) or `offset` (in bytes) says where.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly code: FormatErrorCode;
  readonly line?: number;
  readonly record?: number;
  readonly offset?: number;

  constructor(
    code: FormatErrorCode,
    message: string,
    where: { line?: number; record?: number; offset?: number; cause?: unknown } = {},
  ) {
    super(message, where);
    this.code = code;
    Object.assign(this, where);
  }
}
