import { writeSync } from 'node:fs';
import process from 'node:process';
import { openReviewLog } from '../../src/node/review-log.js';
import { newRecord } from '../matching/reviews.js';

/*
 * Writes records into the log of a folder until it is killed, and erases some. What is done is told
 * on standard output at once: `+ID` for a record that is on disk, `-ID` for one that is erased.
 */

const [folder, run] = process.argv.slice(2) as [string, string];
const log = await openReviewLog(folder, { retentionDays: 30, maxFileBytes: 4000 });
const tell = (line: string) => writeSync(1, `${line}\n`);

let made = 0;
async function writer(): Promise<void> {
  for (;;) {
    const id = `${run}.${made++}`;
    await log.append(newRecord(made % 1000, { id }));
    tell(`+${id}`);
    if (made % 50 < 3) {
      tell(`?${id}`);
      await log.erase({ id });
      tell(`-${id}`);
    }
  }
}
await Promise.all([1, 2, 3, 4].map(writer));
