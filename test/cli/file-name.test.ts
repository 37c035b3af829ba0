import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encoded, fileToJSON, nameCell, nameOf } from '../../src/cli/file-name.js';

test('names keep their bytes, and UTF-8 names stay text', () => {
  const bytes = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.string({ unit: 'binary', maxLength: 3 }).map((text) => new TextEncoder().encode(text)),
    ),
  );
  fc.assert(
    fc.property(bytes, (parts) => {
      const name = Buffer.concat(parts);
      const text = nameOf(name);
      expect(Buffer.from(encoded(text))).toEqual(name);
      const { file, fileBytes } = fileToJSON(text);
      expect(file).toBe(name.toString());
      expect(fileBytes).toBe(Buffer.from(file).equals(name) ? undefined : name.toString('hex'));
      if (Buffer.from(file).equals(name)) expect(text).toBe(file);
    }),
    { seed: 1 },
  );
});

test('a name is the last cell of a line as it is, unless it would be another line or name', () => {
  expect(nameCell('a, "b";.jpg')).toBe('a, "b";.jpg');
  expect(nameCell('a\nmatch,0,b.jpg')).toBe('"a\nmatch,0,b.jpg"');
  const awkward = fc.string({ unit: fc.constantFrom('"', '\n', '\r', ',', 'a'), minLength: 1 });
  fc.assert(
    fc.property(awkward, (name) => {
      const cell = nameCell(name);
      const isQuoted = cell.startsWith('"');
      expect(isQuoted ? cell.slice(1, -1).replaceAll('""', '"') : cell).toBe(name);
      if (!isQuoted) expect(name).not.toMatch(/[\r\n]/);
    }),
    { seed: 1 },
  );
});
