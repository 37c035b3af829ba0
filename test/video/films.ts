import type { Hash } from '../../src/hash.js';
import type { HashedFrame, HashedVideo } from '../../src/video/features.js';

/** Frames per second of the films. */
export const FPS = 30;

/** Numbers below 2^32 that follow from a seed. */
export function numbersOf(seed: number): () => number {
  let state = seed * 2 + 1;
  return () => {
    state = (Math.imul(state, 0x2545f491) + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
    return (x ^ (x >>> 15)) >>> 0;
  };
}

/** The hashes of a scene that moves: `step` bits from each frame to the next. */
export function scene(seed: number, seconds: number, step = 4): Hash[] {
  const next = numbersOf(seed);
  const bytes = Uint8Array.from({ length: 32 }, () => next());
  return Array.from({ length: Math.round(seconds * FPS) }, () => {
    for (let flips = 0; flips < step; flips++) {
      const bit = next() % 256;
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    return { algorithm: 'pdq', bytes: bytes.slice() };
  });
}

/** A video of these hashes, `every` of which is kept; played at a speed. */
export function video(hashes: readonly Hash[], every = 1, speed = 1): HashedVideo {
  const frames = hashes.flatMap((hash, at): HashedFrame[] =>
    at % every === 0 ? [{ hash, quality: 100, frameNumber: at, seconds: (at / FPS) * speed }] : [],
  );
  return { frames, seconds: (hashes.length / FPS) * speed, width: 640, height: 360 };
}
