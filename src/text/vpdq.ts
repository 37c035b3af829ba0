import {
  checkedBriefly,
  checkInteger,
  checkIterable,
  checkNumber,
  checkObject,
  choice,
  wrongKind,
  wrongRange,
} from '../door.js';
import { MAX_SECONDS } from '../entry.js';
import { FormatError, type FormatErrorCode } from '../errors.js';
import { bitsOf, type Hash, hashFrom, hashToHex } from '../hash.js';
import {
  isObject,
  type JsonObject,
  MAX_REPLY_LENGTH,
  own,
  parsedJson,
  READ_UPDATES_OPTIONS,
  type ReadUpdatesOptions,
} from './json.js';
import { checkHead } from './list-text.js';
import { type TextSource, textPieces } from './text.js';

/** The PDQ hash of one frame of a video. */
export interface VpdqFrame {
  /** from 0; absent if the file does not state it */
  readonly frameNumber?: number;
  readonly hash: Hash;
  /** an integer 0…100 */
  readonly quality: number;
  /** from the start of the video */
  readonly seconds: number;
}

type Report = (code: FormatErrorCode, message: string, at: number) => void;

/**
 * Reads the frames of a vPDQ file, in its order. The content decides the format:
 * - text of the vPDQ tool: `frameNumber,quality,hex,seconds` a line
 * - JSON of python-threatexchange: a list of texts `hex,quality,seconds`. It writes three digits,
 *   so that `1.23e+02` is 123 seconds
 * - older JSON: an object of frame numbers, each with `{ quality, hash, timestamp }`
 *
 * A frame that cannot be read is a problem and is omitted.
 * @throws {TypeError} if an argument is invalid
 * @throws {FormatError} `bad-line` if the file is empty or neither; `bad-length` beyond 64 Mi
 *   characters; without `onProblem` also `bad-hash` or `bad-line`, with the `line`, or the `record`
 *   in JSON
 * @throws {FormatError} `not-a-list`, as `readHashList`
 */
export async function readVpdq(
  text: TextSource,
  options: ReadUpdatesOptions = {},
): Promise<VpdqFrame[]> {
  const { onProblem } = checkedBriefly(options, READ_UPDATES_OPTIONS);
  const whole = await wholeText(text);
  checkHead(whole);
  if (whole.trim() === '') throw new FormatError('bad-line', 'expected at least one frame');
  const isJson = /^\s*[[{]/.test(whole);
  const report: Report = (code, message, at) => {
    const error = new FormatError(code, message, isJson ? { record: at } : { line: at });
    if (!onProblem) throw error;
    onProblem(error);
  };
  return isJson ? framesOfJson(whole, report) : framesOfText(whole, report);
}

/**
 * The whole text of `source`, without a byte order mark.
 * @throws {FormatError} `bad-length` beyond 64 Mi characters
 */
async function wholeText(source: TextSource): Promise<string> {
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of textPieces(source)) {
    length += piece.length;
    if (length > MAX_REPLY_LENGTH) {
      throw new FormatError('bad-length', `expected at most ${MAX_REPLY_LENGTH} characters`);
    }
    pieces.push(piece);
  }
  return pieces.join('').replace(/^\ufeff/, '');
}

function framesOfText(text: string, report: Report): VpdqFrame[] {
  const frames: VpdqFrame[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    // Further fields are left to later versions.
    const [frameNumber, quality, hash, seconds] = line.split(',', 4).map((cell) => cell.trim());
    if (line.trim() === '') continue;
    const frame = frameFrom({ frameNumber, quality, hash, seconds }, true, at + 1, report);
    if (frame) frames.push(frame);
  }
  return frames;
}

function framesOfJson(text: string, report: Report): VpdqFrame[] {
  const value = parsedJson(text);
  const frames: VpdqFrame[] = [];
  const add = (fields: JsonObject, isNumbered: boolean, at: number) => {
    const frame = frameFrom(fields, isNumbered, at + 1, report);
    if (frame) frames.push(frame);
  };
  if (Array.isArray(value)) {
    for (const [at, each] of value.entries()) {
      const [hash, quality, seconds] = typeof each === 'string' ? each.split(',', 3) : [];
      add({ hash, quality, seconds }, false, at);
    }
  } else if (isObject(value)) {
    for (const [at, [frameNumber, each]] of Object.entries(value).entries()) {
      const { hash, quality, timestamp: seconds } = isObject(each) ? each : {};
      add({ frameNumber, hash, quality, seconds }, true, at);
    }
  } else throw new FormatError('bad-line', 'expected the frames of a video, as text or JSON');
  if (frames.length === 0 && Object.keys(value).length === 0) {
    throw new FormatError('bad-line', 'expected at least one frame');
  }
  return frames;
}

function frameFrom(
  fields: JsonObject,
  isNumbered: boolean,
  at: number,
  report: Report,
): VpdqFrame | undefined {
  const hex = own(fields, 'hash');
  const hash = hashFrom('pdq', typeof hex === 'string' ? hex.trim() : hex);
  const frameNumber = isNumbered ? numberFrom(own(fields, 'frameNumber')) : undefined;
  const quality = numberFrom(own(fields, 'quality'));
  const seconds = numberFrom(own(fields, 'seconds'));
  const isInteger = (value: number | undefined, most: number) =>
    Number.isInteger(value) && value! >= 0 && value! <= most;
  if (!hash) report('bad-hash', 'expected 64 hex digits', at);
  else if (isNumbered && !isInteger(frameNumber, Number.MAX_SAFE_INTEGER)) {
    report('bad-line', 'expected a frame number', at);
  } else if (!isInteger(quality, 100)) report('bad-line', 'expected a quality 0 to 100', at);
  else if (!(seconds! >= 0 && seconds! <= MAX_SECONDS)) {
    report('bad-line', 'expected the seconds from the start', at);
  } else {
    return {
      ...(isNumbered && { frameNumber: frameNumber! }),
      hash,
      quality: quality!,
      seconds: seconds!,
    };
  }
  return undefined;
}

/** A number, also in text and with an exponent. */
function numberFrom(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const isNumber =
    typeof value === 'string' && /^\s*\d{1,30}(?:\.\d{0,30})?(?:e[+-]?\d{1,3})?\s*$/i.test(value);
  return isNumber ? Number(value) : undefined;
}

export const WRITE_VPDQ_OPTIONS = {
  format: { is: choice, of: ['text', 'json'], default: 'text' },
} as const;

/**
 * Writes frames with three decimals of their seconds.
 * - `text`, as the vPDQ tool: `frameNumber,quality,hex,seconds` a line. A frame without a number
 *   has its place in the list
 * - `json`, as python-threatexchange reads it: texts `hex,quality,seconds`, without the numbers
 * @param options `format`: `text` or `json`, default `text`
 * @throws {TypeError | RangeError} if there is no frame, or a frame or the format is invalid
 */
export function writeVpdq(
  frames: Iterable<VpdqFrame>,
  options: { format?: 'text' | 'json' } = {},
): string {
  const { format } = checkedBriefly(options, WRITE_VPDQ_OPTIONS);
  const rows = checkedFrames(frames).map(({ frameNumber, quality, hash, seconds }, at) =>
    format === 'text'
      ? [frameNumber ?? at, quality, hashToHex(hash), `${seconds.toFixed(3)}\n`].join()
      : [hashToHex(hash), quality, seconds.toFixed(3)].join(),
  );
  return format === 'text' ? rows.join('') : `${JSON.stringify(rows)}\n`;
}

/** The frames as a list. @throws {TypeError | RangeError} if there is none, or one is invalid */
export function checkedFrames<T extends VpdqFrame>(frames: Iterable<T>): T[] {
  checkIterable(frames, 'an iterable of frames');
  const list = [...frames];
  if (list.length === 0) wrongRange('at least one frame');
  for (const frame of list) {
    checkObject(frame, 'a frame: { hash, quality, seconds }');
    const { frameNumber, hash, quality, seconds } = frame;
    bitsOf(hash);
    if (hash.algorithm !== 'pdq') wrongKind('hashes of pdq');
    if (frameNumber !== undefined) checkInteger('frameNumber', frameNumber, 0);
    checkInteger('quality', quality, 0, 100);
    checkNumber('seconds', seconds, 0, MAX_SECONDS);
  }
  return list;
}
