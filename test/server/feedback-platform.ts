import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { NcmecClient } from '../../src/exchange/ncmec-client.js';
import { StopNciiClient } from '../../src/exchange/stop-ncii-client.js';
import { createDecisionWebhook } from '../../src/service/decision-webhook.js';
import { createNodeListener } from '../../src/service/node-listener.js';
import { tokenHash } from '../../src/service/webhook-sender.js';
import { ncmecSender, stopNciiSender } from '../../src/store/feedback-senders.js';
import { openStore } from '../../src/store/open-store.js';
import { ncmecFeedbackOf, stopNciiFeedbackOf } from '../../src/store/reviewed-feedback.js';
import { factsOf, TOKEN } from './reviewed-items.js';

/*
 * A platform with a webhook, a review log and a queue, until it is killed. It tells its port on
 * standard output, and how much feedback is open each time that it has sent some.
 */

const [storeUrl, stopNciiUrl, ncmecUrl] = process.argv.slice(2) as [string, string, string];
const keys = { subscriptionKey: 'a', fetchHashesKey: 'b', submitFeedbackKey: 'c' };
const store = await openStore({ url: storeUrl });
const log = store.reviewLog({ retentionDays: 30 });
const queue = await store.feedbackQueue({
  senders: {
    StopNCII: stopNciiSender(new StopNciiClient(keys, { baseUrl: stopNciiUrl }), {
      company: 'Us',
    }),
    'ncmec/industry': ncmecSender(
      new NcmecClient({ user: 'user', password: 'password' }, { baseUrl: ncmecUrl, tries: 1 }),
    ),
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
  feedbackOf: (record) => [
    ...stopNciiFeedbackOf(record),
    ...ncmecFeedbackOf(record, { reasonIds: ['a reason'] }),
  ],
});
const server = createServer(createNodeListener(webhook)).listen(0, '127.0.0.1');
await once(server, 'listening');
writeSync(1, `${(server.address() as AddressInfo).port}\n`);
for (;;) {
  const { open } = await queue.send();
  writeSync(1, `${open} open\n`);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
