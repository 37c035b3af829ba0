import { expect, test } from 'vitest';
import {
  inSlices,
  isOpaqueInTurns,
  withoutColourInTurns,
} from '../../../src/node/decode/pixel-turns.js';
import type { Channels, CheckedPixels } from '../../../src/pixels.js';
import { isOpaque, withoutColour } from '../../../src/variants/forms.js';
import { loopTurns } from '../event-loop.js';

const { signal } = new AbortController();
/** More pixels than three turns take. */
const [WIDTH, HEIGHT] = [1300, 1301];

/** Grey and opaque. */
function plain(channels: Channels): CheckedPixels {
  const data = new Uint8Array(WIDTH * HEIGHT * channels).fill(255);
  const colours = channels < 3 ? 1 : 3;
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    data.fill((i * 31) & 255, i * channels, i * channels + colours);
  }
  return { data, width: WIDTH, height: HEIGHT, channels };
}

const places = [0, 2 ** 19 - 1, 2 ** 19, WIDTH * HEIGHT - 1];

test('every pixel is read, whichever slice it is in', async () => {
  for (const channels of [1, 2, 3, 4] as const) {
    const pixels = plain(channels);
    expect(await isOpaqueInTurns(pixels, signal)).toBe(true);
    const grey = await withoutColourInTurns(pixels, signal);
    const expected = withoutColour(pixels);
    expect(grey.channels).toBe(expected.channels);
    expect(Buffer.compare(grey.data, expected.data)).toBe(0);
    if (channels < 3) expect(grey).toBe(pixels);
    for (const place of places) {
      const odd = { ...pixels, data: pixels.data.slice() };
      // The last sample of a pixel is its alpha, or blue, or grey.
      odd.data[place * channels + channels - 1]! ^= 7;
      expect(await isOpaqueInTurns(odd, signal)).toBe(isOpaque(odd));
      odd.data[place * channels]! ^= 2;
      expect(await withoutColourInTurns(odd, signal)).toBe(odd);
    }
  }
});

test('the event loop turns meanwhile', async () => {
  const turns = loopTurns();
  await withoutColourInTurns(plain(3), signal);
  turns.stop();
  expect(turns.count).toBeGreaterThanOrEqual(6);
});

test('slices are adjacent, and end at once when nothing is left to search for', async () => {
  const seen: number[][] = [];
  const all = await inSlices(2 ** 20 + 5, (from, to) => seen.push([from, to]) > 0, signal);
  expect(all).toBe(true);
  expect(seen).toEqual([
    [0, 2 ** 19],
    [2 ** 19, 2 ** 20],
    [2 ** 20, 2 ** 20 + 5],
  ]);
  expect(await inSlices(2 ** 22, (from) => from < 2 ** 19, signal)).toBe(false);
});

test('the rest is skipped once no caller waits', async () => {
  const controller = new AbortController();
  let slices = 0;
  const work = () => {
    slices++;
    controller.abort('enough');
    return true;
  };
  await expect(inSlices(2 ** 22, work, controller.signal)).rejects.toBe('enough');
  expect(slices).toBe(1);
});
