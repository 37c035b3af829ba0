import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { hashFromHex } from '../../../src/hash.js';
import { openStore } from '../../../src/store/sql/open-store.js';

/*
 * Adds entries to an embedded store, and withdraws some, until it is killed. What is done is told on
 * standard output at once: `+HEX` for an entry that is in the store, `-HEX` for one that is
 * withdrawn, `?HEX` before.
 */

const [dataDir, run] = process.argv.slice(2) as [string, string];
const store = await openStore({ dataDir });
const tell = (line: string) => writeSync(1, `${line}\n`);
for (let made = 0; ; made++) {
  const hex = createHash('sha256').update(`${run} ${made}`).digest('hex');
  const hash = hashFromHex('pdq', hex);
  await store.apply({ add: [{ hash, labels: ['a'], list: 'a' }] });
  tell(`+${hex}`);
  if (made % 3 > 0) continue;
  tell(`?${hex}`);
  await store.apply({ withdraw: [hash] });
  tell(`-${hex}`);
}
