import process from 'node:process';
import { Blocklist } from '../../../src/blocklist/blocklist.js';
import { ListFile } from '../../../src/node/files/list-file.js';
import { flipBits } from '../../arbitraries.js';
import { BASE, ORDER } from '../../matching/bases.js';

/*
 * Changes a list in a file until it is killed. It says what it begins, and what was acknowledged:
 * pair `n` is added and, at times, withdrawn, both of it by one change.
 */

const [path, first, many] = process.argv.slice(2) as [string, string, string];
const list = new Blocklist();
const file = await ListFile.open(path, list, { manyBytes: Number(many) });
// The changes of every other writer are written ahead of their turns.
list.mostAtOnce = Number(first) % 200_000 === 0 ? 512 : 0;
const say = (line: string) => process.stdout.write(`${line}\n`);
const ALGORITHMS = { a: 'pdq', b: 'sha256' } as const;
/** Two entries that come and go together, of a picture and of a file. */
const pairOf = (n: number) =>
  (['a', 'b'] as const).map((side) => ({
    hash: { ...flipBits(BASE, ORDER, 40 + (n % 100)), algorithm: ALGORITHMS[side] },
    labels: [side],
    id: `${n}`,
  }));

/** Changes in flight at a time. */
const LANES = 3;
let next = Number(first);
say('ready');
await Promise.all(
  Array.from({ length: LANES }, async () => {
    for (;;) {
      const n = next++;
      say(`add ${n}`);
      await list.apply({ add: pairOf(n) });
      say(`added ${n}`);
      if (n % 3 === 0) {
        say(`withdraw ${n}`);
        await list.apply({ withdraw: [{ id: `${n}` }] });
        say(`withdrawn ${n}`);
      }
      if (n % 20 === 0) await file.settled();
    }
  }),
);
