/** Why bytes gave no pixels. Codes are API; messages are not. */
export type DecodeErrorCode =
  /** no bytes at all */
  | 'empty'
  /** the file or stream cannot be opened or read */
  | 'unreadable'
  /** bytes of a kind that is not on the list of image formats read here, or whose decoder is absent */
  | 'unsupported'
  /** an image format we know, but the bytes break off or contradict it */
  | 'corrupt'
  /** more bytes than `maxBytes` */
  | 'too-many-bytes'
  /** more pixels than `maxPixels` */
  | 'too-many-pixels'
  /** decoding took longer than `timeoutSeconds` */
  | 'timeout'
  /** the optional package that decodes this is not installed */
  | 'decoder-missing'
  /** the pixels that this platform gives back are not the picture's own */
  | 'poisoned';

/**
 * Bytes that are no image we can read. The message says what was expected and how to go on, and
 * holds no part of the file; the decoder's own error, if any, is in `cause`.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly code: DecodeErrorCode;

  constructor(code: DecodeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Why a hash list or an index file was not read. Codes are API; messages are not. */
export type FormatErrorCode =
  /** the index file cannot be opened or read */
  | 'unreadable'
  /** a line whose hash is not the hex digits of a known length */
  | 'bad-hash'
  /** a line of another shape than its format */
  | 'bad-line'
  /** a line longer than the limit */
  | 'line-too-long'
  /** more lines than the limit: nothing after them was read */
  | 'too-many-lines'
  /** the file does not begin with our magic number */
  | 'bad-magic'
  /** written by a version that is not read here */
  | 'bad-version'
  /** an algorithm, width or count in the header that cannot be */
  | 'bad-header'
  /** fewer bytes than the header promises, or more */
  | 'bad-length'
  /** the checksum over the content differs */
  | 'bad-checksum'
  /** what an index file says about its entries is of another shape than it should be */
  | 'bad-notes'
  /** an older generation than the one in place */
  | 'old-generation'
  /** no bundle or withdrawal, or one with a member missing, unknown or malformed */
  | 'bad-bundle'
  /** no sealed file, or damaged, or sealed to another key */
  | 'bad-seal';

/** A hash list or index file that is malformed; `line` (1-based) or `offset` (bytes) says where. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly code: FormatErrorCode;
  readonly line?: number;
  readonly offset?: number;

  constructor(
    code: FormatErrorCode,
    message: string,
    where: { line?: number; offset?: number; cause?: unknown } = {},
  ) {
    super(message, where);
    this.code = code;
    Object.assign(this, where);
  }
}
