import { existsSync } from 'node:fs';
import { type Algorithm, DecodeError, distance, type Hash, hashFromHex } from '../index.js';
import { type HashFileOptions, hashFile } from '../node/index.js';
import { type Command, Failure, UsageError } from './command.js';
import { HASH_OPTIONS, hashOptions, sourceOf } from './hash.js';

/**
 * Whether a word of the command line is meant as a hash: hex, of the right length or not, and no
 * file of that name.
 */
export function isHex(word: string): boolean {
  return /^[0-9a-f]{16,}$/i.test(word) && !existsSync(word);
}

/**
 * The hash that `hex` writes.
 * @throws {UsageError} if the algorithm has none of that length
 */
export function hashOfHex(hex: string, algorithm: string | undefined): Hash {
  try {
    return hashFromHex(algorithm as Algorithm, hex);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function hashOfFile(file: string, options: HashFileOptions): Promise<Hash> {
  try {
    return (await hashFile(sourceOf(file), options)).hash;
  } catch (error) {
    throw error instanceof DecodeError ? new Failure(`${file}: ${error.message}`) : error;
  }
}

/** Two pictures are compared as they are. */
const { variants: _, ...OPTIONS } = HASH_OPTIONS;

/** `onlyhashes compare`: the distance of two pictures or hashes. */
export const compareCommand: Command = {
  name: 'compare',
  usage: 'A B',
  about: 'Print the distance of two pictures or hashes, in bits. A and B are files or hex.',
  options: OPTIONS,
  examples: [['onlyhashes compare a.jpg b.png', 'bits in which the two hashes differ']],
  minWords: 2,
  maxWords: 2,
  async run(call, signal) {
    const options = { ...hashOptions(call), variants: 'none' as const, signal };
    const hashes = [];
    for (const word of call.words) {
      hashes.push(
        isHex(word) ? hashOfHex(word, call.text('algorithm')) : await hashOfFile(word, options),
      );
    }
    console.log(distance(hashes[0]!, hashes[1]!));
    return 0;
  },
};
