import { AVIF } from './avif-writer.js';
import { GIF } from './gif-writer.js';
import type { Format } from './grammar.js';
import { JPEG } from './jpeg-writer.js';
import { PNG } from './png-writer.js';
import { WEBP } from './webp-writer.js';

/** All formats of the grammar. */
export const FORMATS = [PNG, JPEG, GIF, WEBP, AVIF] as unknown as readonly Format<never>[];
