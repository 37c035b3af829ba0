import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { openStore } from '../../src/store/sql/open-store.js';
import { StoreError } from '../../src/store/sql/store-error.js';
import type { Store } from '../../src/store/store.js';
import type { Changed } from '../../src/store/write.js';
import { hashOfHex } from './killed-hash.js';

/*
 * Adds entries to a store, and withdraws one in three, until it is killed. What is done is told on
 * standard output at once: `+HEX REVISION` for an entry that is in the store, `-HEX REVISION` for
 * one that is withdrawn, `?HEX` before. A database that is away is asked again with the same key.
 */

const [url, run] = process.argv.slice(2) as [string, string];
const tell = (line: string) => writeSync(1, `${line}\n`);

async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'unreachable') throw error;
      await setTimeout(50);
    }
  }
}

const store: Store = await answered(() => openStore({ url }));
for (let made = 0; ; made++) {
  const hex = createHash('sha256').update(`${run} ${made}`).digest('hex');
  const hash = hashOfHex(hex);
  const done = (change: string, ask: (idempotencyKey: string) => Promise<Changed>) =>
    answered(() => ask(`${run} ${made} ${change}`));
  const added = await done('add', (idempotencyKey) =>
    store.apply({ add: [{ hash, labels: ['a'], list: 'a' }] }, { idempotencyKey }),
  );
  tell(`+${hex} ${added.revision}`);
  if (made % 3 > 0) continue;
  tell(`?${hex}`);
  const { revision } = await done('withdraw', (idempotencyKey) =>
    store.apply({ withdraw: [hash] }, { idempotencyKey }),
  );
  tell(`-${hex} ${revision}`);
}
