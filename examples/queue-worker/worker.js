// Checks pictures of a queue, and changes the list in between: one job a line, as JSON.
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createBlocklist, hashFromHex, readHashList } from 'onlyhashes';
import { createHashPool, openBlocklist } from 'onlyhashes/node';

if (!existsSync('list.ohb')) {
  const list = await createBlocklist(readHashList(createReadStream('list.csv', 'utf8')));
  await openBlocklist('list.ohb', { create: list });
}
const blocklist = await openBlocklist('list.ohb', { follow: {} });
const pool = createHashPool({ timeoutSeconds: 20 });
const limits = { maxBytes: 16 * 2 ** 20 };

/**
 * Does one job: `path` or `bytes` (base64) of a picture to check, `add` or `withdraw` of a hash.
 * @param {{ path?: string, bytes?: string, add?: string, withdraw?: string }} job
 */
async function answerTo({ path, bytes, add, withdraw }) {
  const picture = path ?? (bytes === undefined ? undefined : Buffer.from(bytes, 'base64'));
  if (picture !== undefined) {
    // Always a decision: what cannot be decoded, or takes too long, is `unhashable`.
    const { verdict, reason } = await pool.check(picture, blocklist, limits);
    return { verdict, reason };
  }
  const hash = hashFromHex('pdq', add ?? withdraw ?? '');
  // It is in the file first: what cannot be saved does not count.
  const entry = { hash, labels: [] };
  await blocklist.apply(() => {
    if (add === undefined) return { withdraw: [hash] };
    // An equal entry stays in place.
    const entries = blocklist.has(hash) ? [] : [entry];
    return { reinstate: [hash], remove: entries, add: entries };
  });
  // A hash that says too little is not taken.
  return { entries: blocklist.size, isListed: blocklist.has(hash) };
}

/**
 * Does all jobs, as many at a time as there are workers. A bad one is answered by its error.
 * @param {AsyncIterable<string>} jobs lines here; what your queue gives in their place
 * @param {(answer: object) => void} tell
 */
async function work(jobs, tell) {
  const queue = jobs[Symbol.asyncIterator]();
  const takeTurns = async () => {
    for (let job = await queue.next(); !job.done; job = await queue.next()) {
      try {
        const { id, ...rest } = JSON.parse(job.value);
        const answer = answerTo(rest).catch((error) => ({ error: error.name }));
        tell({ id, ...(await answer) });
      } catch {
        tell({ error: 'expected a job as JSON' });
      }
    }
  };
  await Promise.all(Array.from({ length: pool.workers }, takeTurns));
}

const lines = createInterface({ input: process.stdin });
// No more jobs are taken, and those that were are answered.
process.once('SIGTERM', () => lines.close());
await work(lines, (answer) => console.log(JSON.stringify(answer)));
await pool.close();
