/**
 * Room for eight pictures of six hashes: their own, their list crops, and the one as their file
 * stores it, each with the hash of its picture. So bundles of one picture and of eight, with list
 * crops or without, have one size.
 */
const SMALLEST_CLASS = 16_384;

/** The size class of a text of `byteLength` bytes: the next of 16 KiB, 32 KiB, 64 KiB … */
export function sizeClass(byteLength: number): number {
  let size = SMALLEST_CLASS;
  while (size < byteLength) size *= 2;
  return size;
}

/**
 * Dots that pad a text of `byteLength` bytes to its size class. Its size then does not reveal the
 * number of its hashes.
 */
export const paddingFor = (byteLength: number): string =>
  '.'.repeat(sizeClass(byteLength) - byteLength);
