import { join } from 'node:path';
import { indexFromBuffer } from '../../src/index.js';
import { createIndex } from '../../src/indexing/create-index.js';
import { saveIndex } from '../../src/node/files/save-index.js';
import { longestBlock } from '../event-loop.js';
import { inFolder } from '../folder.js';
import { feed, quantile } from '../race.js';
import { hashAt, uniformHashes } from '../workloads.js';
import { fieldOf, gathered, type IndexPart } from './data.js';
import { bestTimes } from './latency.js';
import { checkAnswers, indexPeer, naivePeer } from './peers.js';

const DISTANCE = 31;
const COMPARED = 8;
const ADDED = 1000;
/** Compaction of ten million takes thousands of steps; so many show how long one is. */
const STEPS = 1000;

/** The size whose figures have bounds, and the most that a call may take there. */
const JUDGED = 1e7;
const MOST_MS = { atMost: 20 };

/**
 * The largest list: building, memory, changes and snapshots. It comes first, since the greatest
 * memory of a process is known of its whole life only.
 */
export const largePart: IndexPart = async ({ context, large: count }) => {
  const words = `${count.toLocaleString('en')} hashes`;
  const { figures, figure } = gathered(context, `${words}: `);
  /**
   * Times a call, and the processor: all threads together, so that of this thread is at most the
   * lesser of both.
   */
  const timed = <T>(name: string, run: () => T): T => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const result = run();
    figure(`${name}, ms`, performance.now() - start);
    const { user, system } = process.cpuUsage(cpu);
    figure(`${name}, ms of CPU`, (user + system) / 1000);
    return result;
  };

  const field = fieldOf(uniformHashes(count, 5).bytes, count);
  const hashes = { algorithm: 'pdq', bits: 256, bytes: field.bytes } as const;
  const more = uniformHashes(ADDED, 7).bytes;
  const before = process.memoryUsage().rss;
  const earlierPeak = 1024 * process.resourceUsage().maxRSS;
  const start = performance.now();
  const index = createIndex(hashes);
  figure('seconds to build', (performance.now() - start) / 1000);
  const peak = 1024 * process.resourceUsage().maxRSS;
  if (peak > earlierPeak) {
    figure('GB resident at the peak of building', peak / 1e9);
    figure('GB of them not the list', (peak - before) / 1e9);
  } else context.note('the memory of building is not known: this process has used more before');

  const peer = indexPeer('onlyhashes', index, field.queries);
  await checkAnswers(peer, DISTANCE, await naivePeer(field).answers(DISTANCE, COMPARED));
  const [best] = bestTimes([peer], [field.queries.length], field, DISTANCE);
  figure(`query at distance ${DISTANCE}, p50, us`, quantile(best!, 0.5));
  figure(`query at distance ${DISTANCE}, p99, us`, quantile(best!, 0.99));

  const { block } = await inFolder((folder) =>
    longestBlock(() => saveIndex(join(folder, 'index'), index)),
  );
  figure('saveIndex, longest block of the event loop, ms', block);
  if (count === JUDGED) {
    context.figure(`${words}: saveIndex, longest block of the event loop, ms`, block, MOST_MS);
  }
  let buffer: ArrayBufferLike | undefined = timed('toBuffer', () => index.toBuffer());
  figure('bytes a hash', buffer.byteLength / count);
  timed('attach a verified buffer', () => indexFromBuffer(buffer!, { verify: false }));
  timed('attach and verify', () => indexFromBuffer(buffer!));
  buffer = undefined;

  timed('first add', () => index.add(hashAt(more, 0)));
  timed('first remove', () => index.remove(count >> 1));
  timed('first compact step', () => index.compact());
  const steps = timesOf(STEPS, () => index.compact());
  figure(`longest of ${steps.length} compact steps, ms`, quantile(steps, 1));
  const adds = timesOf(ADDED - 1, (i) => index.add(hashAt(more, i + 1)) > 0);
  figure(`longest of ${adds.length} adds, ms`, quantile(adds, 1));
  const removals = timesOf(ADDED, (i) => index.remove(i) === 1);
  figure(`longest of ${removals.length} removals, ms`, quantile(removals, 1));
  for (const name of ['first add', 'first remove', 'first compact step']) {
    const [wall, cpu] = ['ms', 'ms of CPU'].map((unit) => figures[`${words}: ${name}, ${unit}`]!);
    if (count === JUDGED) context.figure(`${words}: ${name}`, Math.min(wall!, cpu!), MOST_MS);
  }
  const changed = [hashAt(more, 0), hashAt(more, ADDED - 1), hashAt(field.bytes, 0)];
  const found = changed.map((hash) => index.search(hash, 0)[0]?.id);
  if (found.join() !== [count, count + ADDED - 1, undefined].join()) {
    throw new Error('the changed index answers wrongly');
  }
  timed('toBuffer after changes', () => feed(index.toBuffer().byteLength));
  return { figures };
};

/** The time of each call, in milliseconds, until one returns false. */
function timesOf(most: number, run: (i: number) => boolean): number[] {
  const times: number[] = [];
  for (let more = true; more && times.length < most; ) {
    const start = performance.now();
    more = run(times.length);
    times.push(performance.now() - start);
  }
  return times;
}
