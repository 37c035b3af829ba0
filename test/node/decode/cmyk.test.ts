import { expect, test } from 'vitest';
import { rgbFromCmyk } from '../../../src/node/decode/pixel-turns.js';

const { signal } = new AbortController();

test('full inks, black and paper', async () => {
  const inks = Uint8Array.of(0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255);
  const { data, channels } = await rgbFromCmyk(inks, { width: 2, height: 2, channels: 4 }, signal);
  expect([...data, channels]).toEqual([255, 255, 255, 0, 255, 255, 255, 0, 0, 0, 0, 0, 3]);
});

test('rounds every ink under every black to the nearest, and keeps alpha', async () => {
  const inks = new Uint8Array(5 * 65536);
  for (let i = 0; i < 65536; i++) inks.set([i & 255, 255, i & 255, i >> 8, i % 251], 5 * i);
  const before = inks.slice();
  const { data, channels } = await rgbFromCmyk(
    inks,
    { width: 256, height: 256, channels: 5 },
    signal,
  );
  expect(channels).toBe(4);
  for (let i = 0; i < 65536; i++) {
    const exact = ((255 - (i & 255)) * (255 - (i >> 8))) / 255;
    const [red, green, blue, alpha] = data.subarray(4 * i, 4 * i + 4);
    if (Math.abs(red! - exact) > 0.5 || green !== 0 || blue !== red || alpha !== i % 251) {
      expect([red, green, blue, alpha]).toEqual([exact, 0, exact, i % 251]);
    }
  }
  expect(Buffer.from(inks).equals(before)).toBe(true);
});
