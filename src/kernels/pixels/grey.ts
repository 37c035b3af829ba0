/**
 * Grey of up to four rows of pixels, as by Pillow's `convert('L')`: 0.299 R + 0.587 G + 0.114 B
 * (Rec. 601) in 16-bit fixed point, rounded to nearest. Grey stays unchanged; alpha is dropped.
 * @param bytes interleaved pixels; only read
 * @param channels 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
 * @param from the first row's first pixel
 * @param rows 1 to 4
 * @param out `width` words with a sample of each row, the first in the lowest 8 bits; overwritten
 */
export function greyRows(
  bytes: Uint8Array,
  channels: number,
  from: number,
  width: number,
  rows: number,
  out: Int32Array,
): void {
  let at = from * channels;
  out.fill(0);
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < width; x++) {
      let grey = bytes[at]!;
      if (channels > 2) {
        grey =
          (Math.imul(grey, 19595) +
            Math.imul(bytes[at + 1]!, 38470) +
            Math.imul(bytes[at + 2]!, 7471) +
            0x8000) >>>
          16;
      }
      out[x]! |= grey << (8 * row);
      at += channels;
    }
  }
}
