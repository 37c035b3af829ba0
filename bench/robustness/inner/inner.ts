import { type Bench, NotRun } from '../../harness.js';
import { rival } from '../../rivals.js';

/**
 * Uploads found by a list that was made of screenshots: by the hash of each screen, and by those of
 * the pictures in it. Options: `set` the photos (tuned, checked, opened or sealed), `seed`; `quick`:
 * one edit of each family for a photo; `photos`: a folder of ordinary pictures, to count those
 * about which a person would be asked.
 */
export const innerBench: Bench = {
  name: 'inner',
  about: 'what a list of screenshots finds, by their hashes and by those of the pictures in them',
  long: true,
  async run(context) {
    if ((await rival('sharp')) === undefined) throw new NotRun('sharp is not installed');
    const { runInner } = await import('./run.js');
    return await runInner(context);
  },
};
