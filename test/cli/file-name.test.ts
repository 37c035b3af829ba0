import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encoded, fileToJSON, nameCell, nameOf } from '../../src/cli/file-name.js';
import { hashToHex } from '../../src/hash.js';
import { readHashList } from '../../src/index.js';

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
  );
});

test('a name is the last cell of a line, unchanged unless it could pass for another line or cell', () => {
  expect(nameCell('a, b\\n";.jpg')).toBe('a, b\\n";.jpg');
  expect(nameCell('a\nmatch,0,b\\.jpg')).toBe('"a\\nmatch,0,b\\\\.jpg"');
  expect(nameCell('a, "b".jpg')).toBe('"a, ""b"".jpg"');
});

const HEX = [
  '0f1e2d3c4b5a6978'.repeat(4),
  '1f1e2d3c4b5a6978'.repeat(4),
  '2f1e2d3c4b5a6978'.repeat(4),
];
const awkward = fc.string({
  unit: fc.constantFrom('"', '\n', '\r', ',', ' ', '\\', 'n', HEX[2]!),
  minLength: 1,
  maxLength: 40,
});
test.each([
  ['any', awkward],
  // More lines than a record may have.
  ['long', fc.constant(`"${'\n'.repeat(33)}${HEX[2]},z`)],
])('a line is read back as it was written, whatever the file name: %s', async (_, names) => {
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      const cell = nameCell(name);
      expect(cell).not.toMatch(/[\r\n]/);
      if (cell !== name) {
        const read = cell.slice(1, -1).replaceAll('""', '"');
        const name1 = read.replace(
          /\\(.)/g,
          (_, kind) => ({ n: '\n', r: '\r' })[kind as 'n'] ?? kind,
        );
        expect(name1).toBe(name);
      }
      const lines = [`${HEX[0]},100,${cell}`, `${HEX[1]},100,b.jpg`];
      const listed: string[] = [];
      for await (const { hash } of readHashList(`${lines.join('\n')}\n`))
        listed.push(hashToHex(hash));
      expect(listed).toEqual(HEX.slice(0, 2));
    }),
  );
});
