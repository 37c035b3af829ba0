import { READBACK_OPTIONS } from '../../src/browser/decode/check-pixel-readback.js';
import { DECODE_OPTIONS as BROWSER_DECODE_OPTIONS } from '../../src/browser/decode-image-file.js';
import { DIGEST_BLOB_OPTIONS } from '../../src/browser/digest-file.js';
import { HASH_FILE_OPTIONS as BROWSER_HASH_OPTIONS } from '../../src/browser/hash-image-file.js';
import { member } from './argument.js';
import type { Doors } from './exam.js';
import { by } from './values.js';

const blob = member(new Blob(['x']));
const files = {
  ...member([new Blob(['x'])], '[]', '[null]', '[text]', '[{}]', 'map', 'floats'),
  world: true,
};

export const BROWSER_DOORS: Doors = {
  checkPixelReadback: [by(READBACK_OPTIONS)],
  decode: [blob, by(BROWSER_DECODE_OPTIONS)],
  digestFile: [blob, by(DIGEST_BLOB_OPTIONS)],
  endWorkers: [],
  hash: [blob, by(BROWSER_HASH_OPTIONS)],
  variantsOfImageFile: [blob, by(BROWSER_HASH_OPTIONS)],
  hashAll: [files, by(BROWSER_HASH_OPTIONS)],
};
