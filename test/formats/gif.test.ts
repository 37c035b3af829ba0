import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { gifHeader } from '../../src/formats/gif.js';
import { edited } from '../../src/formats/image-format.js';
import { imagePath } from '../node/fixtures.js';

const read = (file: string) => Uint8Array.from(readFileSync(imagePath(file)));
/** The offset of the frame in still.gif, after its palette. */
const FRAME = 13 + 3 * 128;

/** still.gif with another screen size, and its frame at another place. */
function still(screen: number[], frame: number[] = [0, 0, 96, 64]): Uint8Array<ArrayBuffer> {
  const bytes = read('still.gif');
  const view = new DataView(bytes.buffer);
  expect(bytes[FRAME]).toBe(0x2c);
  for (const [i, side] of screen.entries()) view.setUint16(6 + 2 * i, side, true);
  for (const [i, side] of frame.entries()) view.setUint16(FRAME + 1 + 2 * i, side, true);
  return bytes;
}

test.each<[number[], number[] | undefined]>([
  [[96, 64], undefined],
  [[97, 65], undefined],
  // The frame is larger.
  [[60, 60], undefined],
  [
    [96, 64],
    [5, 7, 96, 64],
  ],
  // Screens that no decoder accepts.
  [[640, 480], undefined],
  [
    [800, 600],
    [5, 7, 96, 64],
  ],
  [[0, 64], undefined],
  [[96, 0], undefined],
  [[2048, 2048], undefined],
  [[2049, 64], undefined],
  [[65_535, 65_535], undefined],
])('on a screen of %j, a frame at %j', async (screen, frame) => {
  const bytes = still(screen, frame);
  const header = gifHeader(bytes);
  const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
  expect([header.width, header.height]).toEqual([width, height]);
  // The browser is given that size.
  const said = new DataView(edited(bytes, header.edits).buffer);
  expect([said.getUint16(6, true), said.getUint16(8, true)]).toEqual([width, height]);
  expect(gifHeader(bytes)).toMatchObject({ width, height });
});

test('only the first frame enlarges the screen', async () => {
  const bytes = read('animated.gif');
  const second = Buffer.from(bytes).indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 96, 0, 64, 0]), 500);
  bytes[second + 5] = 120;
  expect(gifHeader(bytes)).toMatchObject({ width: 96, height: 64, frames: 3, whole: true });
});

test('a truncated frame counts from its first byte; the file needs the first frame', () => {
  const bytes = read('still.gif');
  // Its descriptor, the size of its codes, and the length of a block.
  const start = FRAME + 10 + 1 + 1;
  expect(() => gifHeader(bytes.subarray(0, start))).toThrow(
    expect.objectContaining({ code: 'corrupt' }),
  );
  expect(gifHeader(bytes.subarray(0, start + 1))).toMatchObject({ frames: 1, whole: false });
  const animated = read('animated.gif');
  expect(gifHeader(animated.subarray(0, 4000))).toMatchObject({ frames: 2, whole: true });
});

test('an unknown block makes the file unreadable, as for sharp', async () => {
  const bytes = read('animated.gif');
  const second = Buffer.from(bytes).indexOf(Buffer.from([0x21, 0xf9]), 500);
  bytes[second] = 0x55;
  expect(gifHeader(bytes)).toMatchObject({ frames: 1, whole: false });
  await expect(sharp(bytes).metadata()).rejects.toThrow();
});
