/** The reason for which an image could not be decoded. Codes are API; messages are not. */
export type DecodeErrorCode =
  /** there are no bytes */
  | 'empty'
  /** the file or stream cannot be opened or read */
  | 'unreadable'
  /** not one of the supported image formats, or no decoder is available for it */
  | 'unsupported'
  /** it does not begin as a picture of any kind: a video, a document, a voice note */
  | 'not-a-picture'
  /** a known image format, but the bytes are truncated or malformed */
  | 'corrupt'
  /** more bytes than `maxBytes`, or more files of one form than `maxFiles` */
  | 'too-many-bytes'
  /** more pixels than `maxPixels` */
  | 'too-many-pixels'
  /**
   * an animation of more than 4,000 frames, or a TIFF of more pages; or a video beyond `maxFrames`
   * or `maxSeconds`
   */
  | 'too-many-frames'
  /**
   * reading, waiting, decoding and hashing took longer than `timeoutSeconds`; or the decoder of a
   * video stalled
   */
  | 'timeout'
  /** a stream that arrived slower than `minBytesPerSecond`, or paused longer than `idleSeconds` */
  | 'too-slow'
  /** too many pictures are waiting already; nothing was read, and a retry may succeed */
  | 'busy'
  /** decoding and hashing took more CPU than `cpuSeconds` of the pool */
  | 'too-costly'
  /** the process that decoded it died, or exceeded its memory limit */
  | 'crashed'
  /** the optional package that decodes this format, or FFmpeg, is not installed */
  | 'decoder-missing'
  /** the platform does not return the picture's own pixels */
  | 'poisoned';

/**
 * The bytes are not a readable image. The message states what was expected and how to proceed, and
 * quotes nothing from the file. The decoder's own error, if any, is in `cause`.
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
 * The reason for which a hash list, a service's reply, an index file, a review log, a bundle or a
 * withdrawal was not read. Codes are API; messages are not.
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
  /** not a text list but, say, a bundle or a blocklist file, or not UTF-8; nothing was read */
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
  /** a changed list cannot be written: no space, no permission, or a read-only form */
  | 'unwritable'
  /** another running process is writing this file */
  | 'in-use'
  /** a list was changed during a fetch, which has ended */
  | 'taken-over'
  /** the index file's data about an entry is malformed */
  | 'bad-notes'
  /** the generation is older than the one in place or the required one */
  | 'old-generation'
  /** not a bundle or withdrawal, or a member is missing, unknown or malformed */
  | 'bad-bundle'
  /** not a sealed file, damaged, or sealed to another key */
  | 'bad-seal'
  /** a withdrawal of an unknown bundle, or without its token */
  | 'bad-token';

/**
 * A file or text that is malformed. `line` (1-based), `record` (1-based, of a service's reply or a
 * review log) or `offset` (in bytes) states where.
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
