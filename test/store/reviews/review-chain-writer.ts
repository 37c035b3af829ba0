import process from 'node:process';
import { openStore } from '../../../src/store/sql/open-store.js';
import { newRecord } from '../../matching/reviews.js';

/* Writes 200 records into the review log of a store, four at a time, and erases one in ten. */

const [url, run] = process.argv.slice(2) as [string, string];
const store = await openStore({ url });
const log = store.reviewLog({ retentionDays: 30 });
for (let made = 0; made < 200; made += 4) {
  await Promise.all(
    [0, 1, 2, 3].map((at) => log.append(newRecord(at, { id: `${run}.${made + at}` }))),
  );
  if (made % 40 === 0) await log.erase({ id: `${run}.${made}` });
}
await store.close();
