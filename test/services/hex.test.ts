import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hexInto } from '../../src/hash.js';

test('reads what Buffer writes, in either case, at any offset', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.boolean(), (bytes, upper) => {
      const hex = Buffer.from(bytes).toString('hex');
      const out = new Uint8Array(bytes.length + 2);
      const text = `x${upper ? hex.toUpperCase() : hex}x`;
      expect(hexInto(text, 1, hex.length, out, 1)).toBe(true);
      expect(out.subarray(1, -1)).toEqual(bytes);
      expect([out[0], out.at(-1)]).toEqual([0, 0]);
    }),
  );
});

test('accepts the 22 hex digits and no other character', () => {
  for (let code = 0; code < 65_536; code++) {
    const character = String.fromCharCode(code);
    const expected = /^[0-9a-fA-F]$/.test(character);
    expect(hexInto(`${character}0`, 0, 2, new Uint8Array(1), 0)).toBe(expected);
    expect(hexInto(`0${character}`, 0, 2, new Uint8Array(1), 0)).toBe(expected);
  }
  expect(hexInto('00', 0, 4, new Uint8Array(2), 0)).toBe(false);
});
