import type { Format } from './grammar.js';
import { AVIF } from './writers/avif-writer.js';
import { GIF } from './writers/gif-writer.js';
import { JPEG } from './writers/jpeg-writer.js';
import { PNG } from './writers/png-writer.js';
import { WEBP } from './writers/webp-writer.js';

/** All formats of the grammar. */
export const FORMATS = [PNG, JPEG, GIF, WEBP, AVIF] as unknown as readonly Format<never>[];
