import { expect, test } from 'vitest';
import { type TextSource, textPieces } from '../../src/text/text.js';

async function piecesOf(source: TextSource): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of textPieces(source)) pieces.push(piece);
  return pieces;
}

test('a string, strings, bytes, and a mix of both', async () => {
  const bytes = new TextEncoder().encode('naïve 写真 😀');
  expect(await piecesOf('abc')).toEqual(['abc']);
  expect(await piecesOf([])).toEqual([]);
  expect(await piecesOf(['a', '', 'b'])).toEqual(['a', 'b']);
  for (let at = 0; at <= bytes.length; at++) {
    const pieces = await piecesOf([bytes.subarray(0, at), bytes.subarray(at)]);
    expect(pieces.join('')).toBe('naïve 写真 😀');
  }
});

test('bytes that are not UTF-8 become U+FFFD, also at the end', async () => {
  expect((await piecesOf([Uint8Array.of(97, 255)])).join('')).toBe('a\ufffd');
  expect((await piecesOf([Uint8Array.of(97, 0xe5)])).join('')).toBe('a\ufffd');
});

test('a huge chunk is passed on in small pieces', async () => {
  const pieces = await piecesOf('x'.repeat(200_000));
  expect(pieces.map((piece) => piece.length)).toEqual([65_536, 65_536, 65_536, 3392]);
});

test('other chunks are refused', async () => {
  await expect(() => piecesOf([1] as never)).rejects.toThrow(TypeError);
  await expect(() => piecesOf(new Uint8Array(3) as never)).rejects.toThrow(TypeError);
});
