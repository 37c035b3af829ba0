/*
 * Fetches the list with the requests of python-threatexchange, and prints the hashes that it would
 * keep: `node follow.mjs ADDRESS < token.txt`. No code of onlyhashes is used.
 */
import { text } from 'node:stream/consumers';

const key = (await text(process.stdin)).split('\n')[0];
const headers = { 'x-functions-key': 'any', 'Ocp-Apim-Subscription-Key': key };
const kept = new Map();
let page = { hasMoreRecords: true, nextPageToken: '' };
while (page.hasMoreRecords) {
  const query = new URLSearchParams({ startTimestamp: '10', pageSize: '800' });
  if (page.nextPageToken) query.set('nextPageToken', page.nextPageToken);
  const reply = await fetch(`${process.argv[2]}/stopncii/v1/FetchHashes?${query}`, { headers });
  if (!reply.ok) throw new Error(`the list was not fetched: ${reply.status}`);
  page = await reply.json();
  for (const { signalType, hashValue, hashStatus } of page.hashRecords) {
    if (/^(Withdrawn|Deleted)$/.test(hashStatus)) kept.delete(hashValue);
    else kept.set(hashValue, signalType);
  }
}
for (const [hash, type] of kept) console.log(`${type} ${hash}`);
