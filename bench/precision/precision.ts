import { type Bench, NotRun } from '../harness.js';
import { rival } from '../rivals.js';

/**
 * Wrong matches and reviews, by pairs of unrelated photos. Options: `photos`, a folder whose folders
 * are collections of one's own; `seed` and `quick`: a seeded eighth of the photos as uploads; `out`:
 * a folder for the report, in which a run that was stopped continues.
 */
export const precisionBench: Bench = {
  name: 'precision',
  ownRecord: true,
  about: 'how near unrelated photos are, and what is matched wrongly as a list grows',
  long: true,
  async run(context) {
    if ((await rival('sharp')) === undefined) throw new NotRun('sharp is not installed');
    const { runPrecision } = await import('./run.js');
    await runPrecision(context);
  },
};
