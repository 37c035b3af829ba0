/**
 * PDQ's quality, 0…100, of its 64 x 64 plane: differences of neighbours down and across, in hundredths of the range, cut
 * to whole numbers and summed; 9000 and more are 100. Order matters: each step is rounded to float32, as in the
 * reference.
 */
export function qualityOf(plane: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < 64 * 64; at++) {
    if (at < 64 * 63) sum += hundredths(plane[at]! - plane[at + 64]!);
    if ((at & 63) < 63) sum += hundredths(plane[at]! - plane[at + 1]!);
  }
  return Math.min(100, Math.floor(sum / 90));
}

function hundredths(difference: number): number {
  return Math.abs(Math.trunc(Math.fround(Math.fround(Math.fround(difference) * 100) / 255)));
}

/**
 * PDQ's quality of a plane whose differences are each within `band` of the reference's, or -1 where that leaves more than
 * one quality possible.
 */
export function qualityWithin(plane: Float64Array, band: number): number {
  let least = 0;
  let most = 0;
  // Row by row: in most photos the first few rows hold gradients enough for 100.
  for (let i = 0; i < 64 && least < 9000; i++) {
    for (let at = 64 * i; at < 64 * i + 64; at++) {
      const value = plane[at]!;
      if (i < 63) {
        const down = Math.abs(value - plane[at + 64]!);
        least += ((down - band) * (100 / 255)) | 0;
        most += ((down + band) * (100 / 255)) | 0;
      }
      if ((at & 63) < 63) {
        const across = Math.abs(value - plane[at + 1]!);
        least += ((across - band) * (100 / 255)) | 0;
        most += ((across + band) * (100 / 255)) | 0;
      }
    }
  }
  if (least >= 9000) return 100;
  const quality = Math.floor(least / 90);
  return Math.floor(most / 90) === quality ? quality : -1;
}
