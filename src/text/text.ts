import { checkAsyncIterable, wrongKind } from '../door.js';

/**
 * Text to read: a string, or chunks cut anywhere. Chunks of bytes are decoded as UTF-8; invalid
 * bytes become U+FFFD. A Node stream, a `fetch` body and an array of strings all fit.
 */
export type TextSource =
  | string
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>;

/**
 * Characters passed on at a time, so that one huge chunk needs no more memory than many small ones.
 */
const PIECE = 1 << 16;

/**
 * The text of `source` in pieces of at most 65,536 characters.
 * @throws {TypeError} if `source` is not text, or a chunk is neither a string nor bytes
 */
export async function* textPieces(source: TextSource): AsyncGenerator<string> {
  const what = 'text: a string, or chunks of strings or bytes';
  if (typeof source !== 'string') checkAsyncIterable(source, what);
  let decoder: TextDecoder | undefined;
  for await (const chunk of typeof source === 'string' ? [source] : source) {
    let text: string;
    if (typeof chunk === 'string') text = chunk;
    else if (chunk instanceof Uint8Array) {
      // The byte order mark is left to `LineSplitter`, since strings may start with one too.
      decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
      text = decoder.decode(chunk, { stream: true });
    } else wrongKind(what);
    for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
  }
  const rest = decoder?.decode();
  if (rest) yield rest;
}
