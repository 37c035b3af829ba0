import { writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { FeedbackItem } from '../../../src/review/feedback-item.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { newRecord } from '../../matching/reviews.js';
import { fileService, postTo } from './feedback-service.js';

/*
 * Writes and erases records of a store's review log, and adds feedback and sends it, until it is
 * killed. What is done is told on standard output at once: `+ID` for a record that is written, `-ID`
 * for one that is erased, `?ID` before; `*ID` for feedback that was taken.
 */

const [place, folder, run] = process.argv.slice(2) as [string, string, string];
const tell = (line: string) => writeSync(1, `${line}\n`);
async function answerLate({ id }: FeedbackItem): Promise<void> {
  tell(`!${id}`);
  await new Promise((resolve) => setTimeout(resolve, 5));
}

const store = await openStore(place.startsWith('postgres') ? { url: place } : { dataDir: place });
const log = store.reviewLog({ retentionDays: 30 });
const service = fileService(join(folder, 'post.txt'));
const votes = fileService(join(folder, 'put.txt'));
const queue = await store.feedbackQueue({
  senders: { post: postTo(service, answerLate), put: { ...postTo(votes), idempotent: true } },
});

for (let made = 0; ; made++) {
  const ids = [0, 1, 2].map((at) => `${run}.${made}.${at}`);
  await Promise.all(
    ids.map(async (id, at) => {
      await log.append(newRecord(at, { id }));
      tell(`+${id}`);
    }),
  );
  if (made % 2 === 0) {
    tell(`?${ids[1]}`);
    await log.erase({ id: ids[1]! });
    tell(`-${ids[1]}`);
  }
  const to = made % 2 === 0 ? 'post' : 'put';
  const id = `${to} ${run}.${made}`;
  await queue.add({ id, to, entry: `${made % 5}`, body: made });
  tell(`*${id}`);
  if (made % 3 === 0) await queue.send();
}
