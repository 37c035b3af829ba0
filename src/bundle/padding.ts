/**
 * Room for eight pictures of six hashes: their own, their windows, and as their file stores it,
 * each with the hash of its picture. So one picture and eight, with windows or without, are of one
 * size.
 */
const SMALLEST_CLASS = 16_384;

/** The size class of a text of `byteLength` bytes: the next of 16 KiB, 32 KiB, 64 KiB … */
export function sizeClass(byteLength: number): number {
  let size = SMALLEST_CLASS;
  while (size < byteLength) size *= 2;
  return size;
}

/**
 * Dots that pad a text of `byteLength` bytes to its size class. Its size then does not tell how
 * many hashes it has.
 */
export const paddingFor = (byteLength: number): string =>
  '.'.repeat(sizeClass(byteLength) - byteLength);
