import { type Algorithm, DecodeError, distance, type Hash, hashFromHex } from '../../index.js';
import { type HashFileOptions, hash } from '../../node/index.js';
import type { Command } from '../command.js';
import { Failure, UsageError } from '../failure.js';
import { print } from '../output.js';
import { hashOptions, OF_PICTURES, PICTURE_OPTIONS } from './picture-options.js';
import { isHex, sourceOf } from './pictures.js';

/** Two pictures are compared unchanged, without variants. */
const { variants: _, algorithm, ...others } = PICTURE_OPTIONS;
const OPTIONS = { algorithm: { ...algorithm, choices: OF_PICTURES }, ...others };

/** `onlyhashes compare`: the distance between two pictures or hashes. */
export const compareCommand: Command = {
  name: 'compare',
  usage: 'A B',
  about:
    'Print the distance between two pictures or hashes.\nIt is the number of bits that differ. A and B are files, or hashes in hex.',
  options: OPTIONS,
  examples: [['onlyhashes compare a.jpg b.png', 'the distance between two pictures']],
  minWords: 2,
  maxWords: 2,
  async run(call, { signal }) {
    const options = { ...hashOptions(call), variants: 'none' as const, signal };
    const hashes = [];
    for (const word of call.words) {
      hashes.push(
        isHex(word) ? hashOfHex(word, call.text('algorithm')) : await hashOfFile(word, options),
      );
    }
    print(distance(hashes[0]!, hashes[1]!));
    return 0;
  },
};

/** @throws {UsageError} if the algorithm has no hash of that length */
function hashOfHex(hex: string, algorithm: string | undefined): Hash {
  try {
    return hashFromHex(algorithm as Algorithm, hex);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function hashOfFile(file: string, options: HashFileOptions): Promise<Hash> {
  try {
    return (await hash(sourceOf(file), options)).hash;
  } catch (error) {
    throw error instanceof DecodeError ? new Failure(`${file}: ${error.message}`) : error;
  }
}
