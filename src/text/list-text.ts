import { FormatError } from '../errors.js';
import { type TextSource, textPieces } from './text.js';

/** Characters after which the kind of a text is certain. */
const HEAD_LENGTH = 100;

/**
 * Starts of files that are no text lists, and the advice for each. Byte by byte or as UTF-8, the
 * mark of UTF-16 gives two characters, and each ASCII character has a zero beside it.
 */
const OTHERS: readonly (readonly [start: RegExp, message: string])[] = [
  [
    /^(?:\ufffd\ufffd|ÿþ|þÿ)?(?:(?:\0[^\0]){4}|(?:[^\0]\0){4})/,
    'expected text in UTF-8, got UTF-16: save it as UTF-8',
  ],
  [
    /^\s*\{\s*"format"\s*:\s*"onlyhashes-bundle"/,
    'expected a hash list, got a bundle: `onlyhashes bundle show` and readBundle read it, ' +
      'entriesOfBundle gives its entries',
  ],
  [
    /^\s*\{\s*"format"\s*:\s*"onlyhashes-withdrawal"/,
    'expected a hash list, got a withdrawal: readWithdrawal reads it',
  ],
  [
    /^age-encryption\.org\/v1/,
    'expected a hash list, got a sealed file: `onlyhashes bundle show` and readBundle read it',
  ],
  [
    // Its withdrawals are lines of JSON: read as a list, it would match these alone.
    /^OHBLIST\n/,
    'expected text, got a blocklist file: openBlocklist and `onlyhashes convert` read it by ' +
      'its path',
  ],
  [/^OHINDEX\n/, 'expected text, got an index file: openIndex and `onlyhashes convert` read it'],
];

/**
 * The text of a hash list, as `textPieces` yields it.
 * @throws {TypeError} if `text` is not text
 * @throws {FormatError} `not-a-list`, before the first piece, if it starts like another kind of
 *   file
 */
export async function* listPieces(text: TextSource): AsyncGenerator<string> {
  let head: string | undefined = '';
  for await (const piece of textPieces(text)) {
    if (head === undefined) yield piece;
    else {
      head += piece;
      if (!isSettled(head)) continue;
      checkHead(head);
      yield head;
      head = undefined;
    }
  }
  if (!head) return;
  checkHead(head);
  yield head;
}

/** True if more of a text would not change its kind. A line of a list should not wait for it. */
function isSettled(head: string): boolean {
  return head.length >= HEAD_LENGTH || /^[^\s{\0\ufffdÿþ][^\0]*\n/.test(head);
}

/** @throws {FormatError} `not-a-list` */
export function checkHead(head: string): void {
  for (const [start, message] of OTHERS) {
    if (start.test(head)) throw new FormatError('not-a-list', message);
  }
}
