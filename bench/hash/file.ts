import { readFileSync } from 'node:fs';
import { hashToHex } from '../../src/hash.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import type { Bench } from '../harness.js';
import { type Contender, race } from '../race.js';
import { rival } from '../rivals.js';
import { sharpAndPhotos } from './photos.js';

/** `file`: from a JPEG file to a hash, decoding included. */
export const fileBench: Bench = {
  name: 'file',
  about: 'from a JPEG file to a hash, decoding included: the nine photos in turn',
  async run(context) {
    const { files } = await sharpAndPhotos();
    const paths = files.map(({ path }) => path);
    let turn = 0;
    const next = () => paths[turn++ % paths.length]!;
    for (const path of paths) {
      const [fast, exact] = [await hashFile(path), await hashFile(path, { exact: true })];
      if (hashToHex(fast.hash) !== hashToHex(exact.hash)) throw new Error('fast is not exact');
    }
    const contenders: Contender[] = [
      { name: 'onlyhashes, PDQ', run: () => hashFile(next()) },
      { name: 'onlyhashes, blockhash', run: () => hashFile(next(), { algorithm: 'blockhash' }) },
    ];
    const sharpPhash = await rival<(file: Buffer) => Promise<string>>('sharp-phash');
    if (sharpPhash) {
      const run = () => sharpPhash(readFileSync(next()));
      contenders.push({ name: 'sharp-phash, 64 bits (shrinks on load)', run });
    } else context.note('sharp-phash is not installed');
    const imghash = await rival<{ hash(file: string, bits: number): Promise<string> }>('imghash');
    if (imghash) {
      const run = () => imghash.hash(next(), 16);
      contenders.push({ name: 'imghash, blockhash of 256 bits (jpeg-js)', run });
    } else context.note('imghash is not installed');
    const options = { sampleMilliseconds: 250, rounds: 9 };
    context.report(await race('a JPEG of about 1024 x 700', contenders, options));
  },
};
