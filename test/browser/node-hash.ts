import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Algorithm, distance, hashFromHex, hashToHex } from '../../src/hash.js';
import { type HashFileOptions, hash as hashFile } from '../../src/node/hash-file.js';
import { setWorkerScripts } from '../../src/node/pool/start-thread.js';
import { ROOT } from '../project/package.js';
import type { PageHash } from './hashing-page.js';

/**
 * Pictures whose hash may differ from Node by at most this many bits, and why. All others, and all
 * their variants, are the same in every engine.
 */
const EXCEPTIONS: Record<string, { bits: number; why: string }> = {
  'rgb-16-bit.png': { bits: 2, why: 'Firefox rounds 16 bits to 8, Node takes the high byte' },
  'grey-16-bit.png': { bits: 2, why: 'the same' },
  'cut-out-16-bit.png': { bits: 2, why: 'the same' },
  'ten-bit.avif': { bits: 2, why: 'ten bits are rounded to eight in another way' },
  'lossy.avif': { bits: 2, why: 'lossy AVIF differs by one level between decoders' },
  'cmyk.jpg': { bits: 8, why: 'inks become colours in another way in each decoder' },
};

/** CMYK TIFFs are read only in Node. */
const REFUSED: Record<string, string> = {
  'cmyk.tiff': 'unsupported',
  'cmyk-alpha.tiff': 'unsupported',
};

/** Looks of a file that Node alone has: they are for matching uploads, except for listed frames. */
const NOT_IN_BROWSERS: readonly string[] = ['asShown', 'frame', 'otherReading'];

const filesOf = (folder: string, kind: (file: string) => boolean) =>
  readdirSync(join(ROOT, 'fixtures', folder))
    .filter(kind)
    .map((file) => `fixtures/${folder}/${file}`);

/** Every picture and hostile fixture except HEIC, by its path in the project. */
export const FILES: readonly string[] = ['images', 'photos'].flatMap((folder) =>
  filesOf(folder, (file) => !file.endsWith('.json')),
);
/** The HEIC ones. */
export const HEIC_FILES: readonly string[] = filesOf('heic', (file) => file.endsWith('.heic'));

/** Hashes of files, which the tests of a worker share. */
const known = new Map<string, Promise<PageHash>>();

/** The hash in Node, in the form that the page gives. */
export async function inNode(
  source: string | Uint8Array,
  options: HashFileOptions = {},
): Promise<PageHash> {
  if (typeof source !== 'string') return await hashed(source, options);
  const key = JSON.stringify([source, options]);
  const hash = known.get(key) ?? hashed(source, options);
  known.set(key, hash);
  return await hash;
}

async function hashed(source: string | Uint8Array, options: HashFileOptions): Promise<PageHash> {
  // Threads run JavaScript, and this file runs as source. Another file of tests may have set others.
  setWorkerScripts(join(ROOT, 'dist'));
  try {
    const { hash, quality, resample, width, height, variants } = await hashFile(source, options);
    return {
      hash: hashToHex(hash),
      ...(quality === undefined ? {} : { quality }),
      ...(resample === undefined ? {} : { resample }),
      width,
      height,
      variants: variants
        .filter(
          ({ name }) => !NOT_IN_BROWSERS.includes(name) || (name === 'frame' && options.inner),
        )
        .map(({ name, hash, resample }) => [name, hashToHex(hash), resample]),
    };
  } catch (error) {
    return { error: (error as { code?: string }).code ?? String(error) };
  }
}

/** The difference between the two, in words; empty if there is none. */
export function difference(
  path: string,
  node: PageHash,
  page: PageHash,
  algorithm: Algorithm = 'pdq',
): string[] {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const { bits } = EXCEPTIONS[file] ?? { bits: 0 };
  const far = (a: string, b: string) =>
    distance(hashFromHex(algorithm, a), hashFromHex(algorithm, b));
  const expected = REFUSED[file] ?? node.error;
  if (expected !== undefined || page.error !== undefined) {
    return page.error === expected ? [] : [`${file}: ${page.error ?? 'a hash'}, not ${expected}`];
  }
  const problems: string[] = [];
  const away = far(node.hash!, page.hash!);
  if (away > bits) problems.push(`${away} bits away`);
  if (bits === 0 && node.quality !== page.quality) problems.push(`quality ${page.quality}`);
  if (node.resample !== page.resample) problems.push(`resample ${page.resample}`);
  if (node.width !== page.width || node.height !== page.height) problems.push('other sides');
  const names = page.variants!.map(([name]) => name).join(' ');
  if (names === node.variants!.map(([name]) => name).join(' ')) {
    for (const [i, [name, hex, resample]] of node.variants!.entries()) {
      const [, pageHex, pageResample] = page.variants![i]!;
      const variantAway = far(hex, pageHex);
      if (variantAway > bits) problems.push(`${name} ${variantAway} bits away`);
      // JSON turns undefined into null on its way from the page.
      if (resample !== (pageResample ?? undefined))
        problems.push(`${name} resample ${pageResample}`);
    }
  } else {
    problems.push(`variants ${names}`);
  }
  return problems.map((problem) => `${file}: ${problem}`);
}
