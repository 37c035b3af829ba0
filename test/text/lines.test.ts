import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { LineSplitter } from '../../src/text/lines.js';
import { cut } from '../services/lists.js';

function split(chunks: Iterable<string>, { maxLineLength = 100, maxLines = 1000 } = {}): string[] {
  const told: string[] = [];
  const splitter = new LineSplitter(
    {
      line: (text, number) => told.push(`${number}:${text}`),
      tooLong: (number) => told.push(`${number} too long`),
      end: (number) => told.push(`end ${number}`),
    },
    maxLineLength,
    maxLines,
  );
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return told;
}

test('lines with their numbers', () => {
  expect(split(['\ufeffa\r\n\nb'])).toEqual(['1:a\r', '2:', '3:b', 'end 4']);
  expect(split(['', '\ufeff', 'a\ufeff\n'])).toEqual(['1:a\ufeff', 'end 2']);
  expect(split([])).toEqual(['end 1']);
});

test('a line over the limit is reported but not kept', () => {
  expect(split(['abc\nabcd\nab', 'cd'], { maxLineLength: 3 })).toEqual([
    '1:abc',
    '2 too long',
    '3 too long',
    'end 4',
  ]);
});

test('a line beyond maxLines is an error', () => {
  expect(split(['a\n', 'b\n'], { maxLines: 2 })).toEqual(['1:a', '2:b', 'end 3']);
  expect(() => split(['a\n', 'b\nc'], { maxLines: 2 })).toThrow(
    expect.objectContaining({ code: 'too-many-lines', line: 3 }),
  );
});

test('agrees with String.split, however the text is cut', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', ',') });
  fc.assert(
    fc.property(text, fc.array(fc.nat()), (whole, cuts) => {
      const lines = whole.split('\n');
      if (lines.at(-1) === '') lines.pop();
      const expected = lines.map((line, at) => `${at + 1}:${line}`);
      expect(split(cut(whole, cuts))).toEqual([...expected, `end ${lines.length + 1}`]);
    }),
  );
});

test('each character is searched once, however small the chunks', () => {
  let searched = 0;
  const indexOf = String.prototype.indexOf;
  const spy = vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (
    this: string,
    what: string,
    from = 0,
  ) {
    const at = indexOf.call(this, what, from);
    searched += (at < 0 ? this.length : at + 1) - from;
    return at;
  });
  try {
    split('x'.repeat(50_000), { maxLineLength: 60_000 });
  } finally {
    spy.mockRestore();
  }
  expect(searched).toBe(50_000);
});
