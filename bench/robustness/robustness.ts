import { type Bench, NotRun } from '../harness.js';
import { rival } from '../rivals.js';
import { bring } from './brought.js';

/**
 * Which copies of a photo are still found, by what, at what cost, and what is found wrongly.
 * Options: `set` the photos (tuned, checked, opened or sealed), or `photos` a folder of one's own;
 * `hash` and `edits`, modules of one's own; `seed`;
 * `quick`: an eighth of the pairs of photo and edit; `out`: a folder for the reports, one folder a
 * list.
 */
export const robustnessBench: Bench = {
  name: 'robustness',
  ownRecord: true,
  about: 'which copies of a photo are still found, which are not, and at what cost',
  long: true,
  async run(context) {
    // Whoever installed this package may not have it.
    if ((await rival('sharp')) === undefined) throw new NotRun('sharp is not installed');
    bring(context.options);
    const { runRobustness } = await import('./run.js');
    await runRobustness(context);
  },
};
