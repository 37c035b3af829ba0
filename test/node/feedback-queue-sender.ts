import { writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { FeedbackItem } from '../../src/exchange/feedback-item.js';
import { openFeedbackQueue } from '../../src/node/feedback-queue.js';
import { fileService, postTo } from './feedback-service.js';

/*
 * Adds feedback to the queue of a folder and sends it, until it is killed. What was added is told on
 * standard output: `+ID`; and what the service has, but has not answered yet: `!ID`.
 */

const [folder, run] = process.argv.slice(2) as [string, string];
async function answerLate({ id }: FeedbackItem): Promise<void> {
  writeSync(1, `!${id}\n`);
  await new Promise((resolve) => setTimeout(resolve, 5));
}

const service = fileService(join(folder, '..', 'post.txt'));
const votes = fileService(join(folder, '..', 'put.txt'));
const queue = await openFeedbackQueue(folder, {
  senders: { post: postTo(service, answerLate), put: { ...postTo(votes), idempotent: true } },
});

for (let made = 0; ; made++) {
  const to = made % 2 === 0 ? 'post' : 'put';
  const id = `${to} ${run}.${made}`;
  await queue.add({ id, to, entry: `${made % 5}`, body: made });
  writeSync(1, `+${id}\n`);
  if (made % 3 === 0) await queue.send();
}
