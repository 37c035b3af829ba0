/**
 * Where PDQ looks at a line of `length` samples: the one nearest to the centre of each of 64 tiles,
 * trunc((i + 0.5) · length / 64). In a line under 64 some samples are looked at more than once.
 */
export function tileCentres(length: number): Int32Array {
  const centres = new Int32Array(64);
  for (let i = 0; i < 64; i++) centres[i] = Math.trunc(((i + 0.5) * length) / 64);
  return centres;
}

/** Samples in the box of PDQ's filter for a line of `length`: half a tile, rounded up; at least 1. */
export function boxWindow(length: number): number {
  return Math.floor((length + 127) / 128);
}

/** How many samples of a box lie at or after the one it is centred on; the others lie before it. */
export function boxAhead(window: number): number {
  return Math.floor((window + 2) / 2);
}

/** Samples in the box centred on `at`: `window`, but for those beyond the ends of the line. */
export function boxCount(at: number, length: number, window: number): number {
  const ahead = boxAhead(window);
  return Math.min(at + ahead, length) - Math.max(at + ahead - window, 0);
}
