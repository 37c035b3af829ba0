import { stderr, stdin } from 'node:process';
import { type HashedImage, type Listing, listedPicture } from '../../index.js';
import type { Call, Option } from '../command.js';
import { UsageError } from '../failure.js';
import type { Output } from '../output.js';

type Choice = 'ask' | 'yes' | 'no';

/** `--inner`: lists the pictures that a picture frames in place of the whole, and later frames. */
export const INNER_OPTION: Option = {
  about:
    'of a screenshot, a collage or a picture with bars: hash the pictures in it, in place of the whole, whose hash finds no copy of them; of an animation: also hash later frames (default: ask on a terminal, otherwise no)',
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

/**
 * The answer to what is listed of a hashed file, asked for if need be.
 * @param file its name, for the question
 */
export async function listingOf(
  image: HashedImage,
  choice: Choice,
  file: string,
  out: Output,
): Promise<Listing> {
  const count = image.variants.filter(({ name }) => name === 'inner').length;
  if (count === 0 || choice === 'no') return 'whole';
  if (choice === 'yes') return 'inner';
  const mayBeBoth = listedPicture(image, 'both') === image;
  const answers = (['yes', 'no', 'both'] as const).slice(0, mayBeBoth ? 3 : 2);

  const [pictures, those] = count === 1 ? ['a picture', 'that'] : [`${count} pictures`, 'those'];
  const question =
    `${file}: this looks like a screenshot with ${pictures} in it. ` +
    `Use ${those} in place of the whole? (${answers.join(', ')}) `;
  for (;;) {
    const typed = (await out.ask(question)).trim().toLowerCase() || 'yes';
    const answer = answers.find((word) => word.startsWith(typed));
    if (answer !== undefined) return LISTINGS[answer];
  }
}

const LISTINGS = { yes: 'inner', no: 'whole', both: 'both' } as const;
