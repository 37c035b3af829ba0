import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { ROOT } from '../../project/package.js';

const jpeg = readFileSync(join(ROOT, 'fixtures/photos/nagasaki-boats-q40.jpg'));

/** A photo as two kinds of files. */
export const PHOTO = { jpeg, png: await sharp(jpeg).png().toBuffer() };
