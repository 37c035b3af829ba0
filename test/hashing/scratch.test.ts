import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, test, vi } from 'vitest';
import type { CheckedPixels } from '../../src/pixels.js';
import { laidOn, patches } from '../variants/pictures.js';

/*
 * Arrays that a module keeps for its work must not keep the last picture. Each array that is made
 * while pictures are hashed is noted. What is still there after a collection of garbage is held by a
 * module, and has to be the same whatever the picture was.
 */

setFlagsFromString('--expose-gc');
// A function that another thread is compiling may hold the arrays it was last called with.
setFlagsFromString('--no-concurrent-recompilation');
const collect = runInNewContext('gc') as () => void;

type Kind = 'Uint8Array' | 'Uint8ClampedArray' | 'Int16Array' | 'Uint16Array' | 'Int32Array';
type AnyKind = Kind | 'Uint32Array' | 'Float32Array' | 'Float64Array' | 'Int8Array';
const KINDS: readonly AnyKind[] = [
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
];

const made: WeakRef<ArrayBufferView>[] = [];
for (const kind of KINDS) {
  const plain = globalThis[kind];
  vi.stubGlobal(
    kind,
    new Proxy(plain, {
      construct(target, given, newTarget) {
        const array = Reflect.construct(target, given, newTarget) as ArrayBufferView;
        made.push(new WeakRef(array));
        return array;
      },
    }),
  );
}
afterAll(() => {
  vi.unstubAllGlobals();
});

/** Hashed in every way. */
async function hashAll(pixels: CheckedPixels): Promise<number> {
  const { blockhash, phash, dhash, ahash, pdqDihedral } = await import('../../src/index.js');
  const { pdq } = await import('../../src/hashing/pdq.js');
  const { hashPixels } = await import('../../src/variants/hash-pixels.js');
  for (const resample of [512, 'none'] as const) {
    for (const exact of [false, true]) pdq(pixels, { resample, exact });
    pdqDihedral(pixels, { resample });
  }
  pdq({ ...pixels, data: pixels.data.slice(0, 64 * 64 * 3), width: 64, height: 64 });
  for (const hash of [blockhash, phash, dhash, ahash]) hash(pixels);
  for (const variants of ['dihedral', 'thorough'] as const) hashPixels(pixels, { variants });
  return hashPixels(pixels, { variants: 'thorough', crops: true }).variants.length;
}

/** What the arrays hold that somebody still holds. */
async function kept(): Promise<string[]> {
  // A reference that was looked at is held until the turn of the event loop is over. A function that
  // another thread is compiling is held too: rounds go on until five of them freed nothing.
  for (let still = 0, last = Infinity; still < 5; ) {
    await setTimeout(20);
    collect();
    await setTimeout(0);
    const now = made.filter((ref) => ref.deref() !== undefined).length;
    still = now < last ? 0 : still + 1;
    last = now;
  }
  await setTimeout(0);
  return made.flatMap((ref) => {
    const array = ref.deref();
    if (array === undefined) return [];
    const { buffer, byteOffset, byteLength } = array;
    const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    return [`${array.constructor.name} ${byteLength} ${bytes.toString('base64')}`];
  });
}

test('no module keeps data of a picture after hashing it', async () => {
  vi.resetModules();
  const before = await kept();
  const picture = (seed: number) =>
    laidOn(patches(500, 380, seed, 31), 700, 560, 90, 70, [250, 250, 250]);
  await hashAll(picture(1));
  const afterOne = await kept();
  expect(afterOne.length).toBeGreaterThan(before.length + 20);
  expect(await hashAll(picture(2))).toBeGreaterThan(60);
  const afterTwo = await kept();
  const lost = afterOne.filter((each) => !afterTwo.includes(each));
  const fresh = afterTwo.filter((each) => !afterOne.includes(each));
  const shown = (each: string) => each.slice(0, 60);
  expect({ lost: lost.map(shown), fresh: fresh.map(shown) }).toEqual({ lost: [], fresh: [] });
});
