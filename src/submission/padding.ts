/**
 * Room for eight pictures of six hashes: their own, their windows, and as their file stores it. So
 * one picture and eight, with windows or without, are of one size.
 */
const SMALLEST_CLASS = 8192;

/** The smallest class of bundles without windows, before there were any; still read. */
const EARLIER_CLASS = 4096;

/** The size class of a text of `byteLength` bytes: the next of 8 KiB, 16 KiB, 32 KiB … */
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

/** Whether a text fills its size class. @param bare its bytes without the padding */
export const isPadded = (byteLength: number, bare: number): boolean =>
  byteLength === sizeClass(bare) || byteLength === EARLIER_CLASS;
