import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { ncmecFeedback, stopNciiFeedback } from '../../src/review/feedback-senders.js';
import { createNodeListener } from '../../src/server/http/node-listener.js';
import { createDecisionWebhook } from '../../src/server/routes/decision-webhook.js';
import { tokenHash } from '../../src/server/routes/webhook-sender.js';
import { NcmecClient } from '../../src/services/ncmec/client.js';
import { StopNciiClient } from '../../src/services/stop-ncii/client.js';
import { openStore } from '../../src/store/sql/open-store.js';
import { factsOf, TOKEN } from './review/reviewed-items.js';

/*
 * A platform with a webhook, a review log and a queue, until it is killed. It tells its port on
 * standard output, and how much feedback is open each time that it has sent some.
 */

const [storeUrl, stopNciiUrl, ncmecUrl] = process.argv.slice(2) as [string, string, string];
const keys = { subscriptionKey: 'a', fetchHashesKey: 'b', submitFeedbackKey: 'c' };
const stopNcii = stopNciiFeedback(new StopNciiClient(keys, { baseUrl: stopNciiUrl }), {
  company: 'Us',
});
const ncmec = ncmecFeedback(
  new NcmecClient({ user: 'user', password: 'password' }, { baseUrl: ncmecUrl, tries: 1 }),
  { reasonIds: ['a reason'] },
);
const store = await openStore({ url: storeUrl });
const log = store.reviewLog({ retentionDays: 30 });
const queue = await store.feedbackQueue({
  senders: {
    StopNCII: stopNcii.sender,
    'ncmec/industry': ncmec.sender,
  },
  timeoutSeconds: 5,
  backoffSeconds: 0.01,
  maxBackoffSeconds: 0.05,
});
const webhook = createDecisionWebhook({
  log,
  tokenHashes: [tokenHash(TOKEN)],
  outcomes: { remove: 'confirmed', 'not-the-picture': 'rejected' },
  factsOf,
  feedback: queue,
  feedbackOf: (record) => [...stopNcii.feedbackOf(record), ...ncmec.feedbackOf(record)],
});
const server = createServer(createNodeListener(webhook)).listen(0, '127.0.0.1');
await once(server, 'listening');
writeSync(1, `${(server.address() as AddressInfo).port}\n`);
for (;;) {
  const { open } = await queue.send();
  writeSync(1, `${open} open\n`);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
