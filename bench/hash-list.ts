import { readHashList } from '../src/exchange/hash-list.js';
import { readPackedEntries } from '../src/exchange/packed-list.js';
import { type Hash, hashFromHex } from '../src/hash.js';
import { createBlocklist } from '../src/matching/blocklist.js';
import { type Bench, race } from './harness.js';
import { uniformHashes } from './workloads.js';

const COUNT = 50_000;
const CHUNK = 1 << 16;

/** The usual way to read a list: all at once, split into lines, one hash per line. */
function naiveRead(text: string): { hash: Hash; labels: string[] }[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [hex, ...labels] = line.split(',');
      return { hash: hashFromHex('pdq', hex!), labels };
    });
}

/** `hash-list`: reading lists from text into entries and into a blocklist. */
export const hashListBench: Bench = {
  name: 'hash-list',
  about: `hash lists of ${COUNT.toLocaleString('en')} lines, in chunks of 64 KiB, per line`,
  async run(context) {
    const hex = Buffer.from(uniformHashes(COUNT, 21).bytes).toString('hex');
    const hashes = Array.from({ length: COUNT }, (_, i) => hex.slice(64 * i, 64 * i + 64));
    const lists = {
      'bare hashes': hashes.map((hash) => `${hash}\n`),
      'a label each, ten distinct': hashes.map((hash, i) => `${hash},label ${i % 10}\n`),
      'a label each, all distinct': hashes.map((hash, i) => `${hash},photo ${i}.jpg\n`),
    };
    for (const [title, lines] of Object.entries(lists)) {
      const text = lines.join('');
      const bytes = Buffer.from(text);
      const chunks = Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, i) =>
        bytes.subarray(i * CHUNK, (i + 1) * CHUNK),
      );
      const packed = async () => (await readPackedEntries(chunks))[0]!;
      const entries = async () => {
        let count = 0;
        for await (const { labels } of readHashList(chunks)) count += 1 + labels.length;
        return count;
      };
      const naive = () => naiveRead(Buffer.concat(chunks).toString());
      const table = await packed();
      const expected = naive();
      const same = expected.every(({ hash, labels }, row) => {
        const entry = table.entryAt(row);
        return (
          Buffer.compare(entry.hash.bytes, hash.bytes) === 0 && `${entry.labels}` === `${labels}`
        );
      });
      const counted = expected.reduce((sum, { labels }) => sum + 1 + labels.length, 0);
      if (!same || table.size !== COUNT || (await entries()) !== counted) {
        throw new Error('the readers disagree');
      }
      context.report(
        await race(title, [
          { name: 'readPackedEntries', run: packed, operations: COUNT },
          { name: 'readHashList', run: entries, operations: COUNT },
          { name: 'split, hashFromHex', run: () => naive().length, operations: COUNT },
          {
            name: 'createBlocklist, from packed entries',
            run: () => createBlocklist([table]).size,
            operations: COUNT,
          },
        ]),
      );
    }
  },
};
