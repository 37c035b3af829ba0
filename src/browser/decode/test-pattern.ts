/** Pixels in a row of the pattern, the width of the canvas. */
export const PATTERN_WIDTH = 4096;
/** Rows of the pattern. */
export const PATTERN_HEIGHT = 4;

/**
 * Opaque noise of full range, row-major RGBA, drawn to test that a canvas gives back its pixels. It
 * is noise, since an engine may leave plain areas alone, and known, from one fixed seed.
 */
export function testPattern(): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * PATTERN_WIDTH * PATTERN_HEIGHT);
  let state = 0x2545f491;
  for (let i = 0; i < rgba.length; i++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    rgba[i] = (i & 3) === 3 ? 255 : state >>> 24;
  }
  return rgba;
}

/** The pattern as a BMP file: every browser decodes it, and it is not compressed. */
export function testPatternFile(): Blob {
  const rgba = testPattern();
  const header = new DataView(new ArrayBuffer(54));
  header.setUint16(0, 0x424d);
  header.setUint32(10, 54, true);
  header.setUint32(14, 40, true);
  header.setInt32(18, PATTERN_WIDTH, true);
  // Negative: rows run from top to bottom.
  header.setInt32(22, -PATTERN_HEIGHT, true);
  header.setUint16(26, 1, true);
  header.setUint16(28, 24, true);
  const bgr = new Uint8Array(3 * PATTERN_WIDTH * PATTERN_HEIGHT);
  for (let i = 0, o = 0; o < bgr.length; i += 4, o += 3) {
    bgr[o] = rgba[i + 2]!;
    bgr[o + 1] = rgba[i + 1]!;
    bgr[o + 2] = rgba[i]!;
  }
  header.setUint32(2, 54 + bgr.length, true);
  return new Blob([header, bgr], { type: 'image/bmp' });
}
