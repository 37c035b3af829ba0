import { stderr, stdin } from 'node:process';
import type { HashedVariant } from '../../index.js';
import type { HashedFile } from '../../node/index.js';
import type { Call, Option } from '../command.js';
import { UsageError } from '../failure.js';
import type { Output } from '../output.js';

type Choice = 'ask' | 'yes' | 'no';

/** `--inner`: lists the pictures that a picture frames in place of the whole. */
export const INNER_OPTION: Option = {
  about:
    'of a screenshot, a collage or a picture with bars: hash the pictures in it, in place of the whole, whose hash finds no copy of them (default: ask on a terminal, otherwise no)',
  choices: ['ask', 'yes', 'no'] satisfies Choice[],
};

/**
 * The value of `--inner`, or its default.
 * @throws {UsageError} if it is to ask, and there is no terminal
 */
export function innerChoice(call: Call): Choice {
  const choice = call.text('inner') as Choice | undefined;
  const canAsk = stdin.isTTY && stderr.isTTY;
  if (choice === 'ask' && !canAsk) {
    throw new UsageError('expected --inner yes or no: there is no terminal to ask at');
  }
  if (choice !== undefined) return choice;
  return canAsk && call.text('orientation') !== 'stored' ? 'ask' : 'no';
}

/** So many pictures are a lattice. Its own hash is near those of other lattices. */
const LATTICE = 4;

/** A picture that was hashed for a list: the whole, or one in it. */
export interface Listed extends HashedFile {
  /** its place in the whole, if it is in one */
  readonly rectangle?: NonNullable<HashedVariant['geometry']>['rectangle'];
}

/**
 * The pictures to list of a hashed file: those in it, the whole, or both, the whole first.
 * @param file its name, for the question
 */
export async function listedOf(
  image: HashedFile,
  choice: Choice,
  file: string,
  out: Output,
): Promise<Listed[]> {
  const inner = image.variants.filter(({ name }) => name === 'inner');
  const whole = { ...image, variants: image.variants.filter(({ name }) => name !== 'inner') };
  if (inner.length === 0 || choice === 'no') return [whole];
  const answer = choice === 'yes' ? 'yes' : await asked(file, inner.length, out);
  if (answer === 'no') return [whole];
  const pictures = inner.map(({ name: _, geometry, look: __, ...hashed }): Listed => {
    const { rectangle } = geometry!;
    return { ...hashed, width: rectangle.width, height: rectangle.height, variants: [], rectangle };
  });
  return answer === 'both' ? [whole, ...pictures] : pictures;
}

async function asked(file: string, count: number, out: Output): Promise<'yes' | 'no' | 'both'> {
  const [pictures, those] = count === 1 ? ['a picture', 'that'] : [`${count} pictures`, 'those'];
  const answers = count < LATTICE ? (['yes', 'no', 'both'] as const) : (['yes', 'no'] as const);
  const question =
    `${file}: this looks like a screenshot with ${pictures} in it. ` +
    `Use ${those} in place of the whole? (${answers.join(', ')}) `;
  for (;;) {
    const typed = (await out.ask(question)).trim().toLowerCase() || 'yes';
    const answer = answers.find((word) => word.startsWith(typed));
    if (answer !== undefined) return answer;
  }
}
