import { checkAsyncIterable } from '../door.js';

/**
 * Text to read: whole, or in chunks cut anywhere. Chunks of bytes are UTF-8; bytes that are not become U+FFFD.
 * A Node stream, a `fetch` body and an array of strings fit.
 */
export type TextSource =
  | string
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>;

/** Characters handed on at a time, so that one huge chunk costs no more memory than many small ones. */
const PIECE = 1 << 16;

/**
 * The text of `source` in pieces of at most 65,536 characters.
 * @throws {TypeError} if `source` or a chunk of it is none
 */
export async function* textPieces(source: TextSource): AsyncGenerator<string> {
  const what = 'text: a string, or chunks of strings or bytes';
  if (typeof source !== 'string') checkAsyncIterable(source, what);
  let decoder: TextDecoder | undefined;
  for await (const chunk of typeof source === 'string' ? [source] : source) {
    let text: string;
    if (typeof chunk === 'string') text = chunk;
    else if (chunk instanceof Uint8Array) {
      // The byte order mark is left to the reader of lines, which also meets it in strings.
      decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
      text = decoder.decode(chunk, { stream: true });
    } else throw new TypeError(`expected ${what}`);
    for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
  }
  const rest = decoder?.decode();
  if (rest) yield rest;
}
