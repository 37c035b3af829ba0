import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import type { Hash } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import type { HashedVariant } from '../../src/variant.js';
import { longestBlock } from '../event-loop.js';
import type { BenchContext } from '../harness.js';
import { type Contender, feed, race } from '../race.js';
import { hashAt, queriesOf, uniformHashes } from '../workloads.js';

const QUERIES = 200;
/** Lists whose entries together are as many. */
const LISTS = [1, 5, 20];

/** Entries that lie on `lists` lists by turns; on one, they name none. */
function listed(bytes: Uint8Array, count: number, lists: number): BlocklistEntry[] {
  return Array.from({ length: count }, (_, at) => ({
    hash: hashAt(bytes, at),
    labels: ['label'],
    ...(lists > 1 && { list: `list ${at % lists}` }),
  }));
}

const variantOf = (hash: Hash): HashedVariant[] => [{ name: 'original', hash, quality: 100 }];

/** Each list has its own trust and distances. */
function settingsOf(lists: number) {
  const trusts = ['own', 'shared', 'foreign'] as const;
  return Object.fromEntries(
    Array.from({ length: lists }, (_, at) => [
      lists > 1 ? `list ${at}` : '',
      {
        trust: trusts[at % 3]!,
        policy: { matchDistance: 31 - (at % 5), reviewDistance: 60 - (at % 7) },
      },
    ]),
  );
}

/** A decision on 1, 5 and 20 lists of a blocklist, and on 20 blocklists. */
export async function decidePart(context: BenchContext, count: number): Promise<unknown> {
  const { bytes } = uniformHashes(count, 5);
  const queries = queriesOf(bytes, QUERIES, 60);
  const contenders: Contender[] = [];
  const found = (list: Blocklist, hash: Hash) =>
    match(variantOf(hash), list, { all: true }).matches.length;
  const answers: number[] = [];
  const add = (name: string, matchesOf: (hash: Hash) => number) => {
    const run = () => queries.reduce((sum, hash) => sum + matchesOf(hash), 0);
    answers.push(run());
    contenders.push({ name, operations: QUERIES, run });
  };
  for (const lists of LISTS) {
    const list = createBlocklist(listed(bytes, count, lists));
    await list.settled();
    add(`${lists} list${lists > 1 ? 's' : ''} in one blocklist`, (hash) => found(list, hash));
    for (const [name, settings] of Object.entries(settingsOf(lists)))
      await list.apply({ settings: { [name]: settings } });
  }
  const most = LISTS.at(-1)!;
  const apart = Array.from({ length: most }, (_, which) =>
    createBlocklist(listed(bytes, count, most).filter((_, at) => at % most === which)),
  );
  for (const list of apart) await list.settled();
  const foundApart = (hash: Hash) => apart.reduce((sum, list) => sum + found(list, hash), 0);
  add(`${most} blocklists of a list each`, foundApart);
  if (new Set(answers).size > 1) throw new Error(`${answers} matches`);
  const title = `a decision, ${count.toLocaleString('en')} entries in all`;
  const result = await race(title, contenders);
  context.report(result);
  return result.timings;
}

/** A list of which one in a hundred entries has changed is replaced. */
export async function replacePart(context: BenchContext, count: number): Promise<unknown> {
  const { bytes } = uniformHashes(count, 5);
  const entries = listed(bytes, count, 5);
  const list = createBlocklist(entries);
  await list.settled();
  const own = entries.filter((entry) => entry.list === 'list 3');
  const { bytes: others } = uniformHashes(own.length, 6);
  const changed = own.map((entry, at) =>
    at % 100 > 0 ? entry : { ...entry, hash: hashAt(others, at) },
  );
  const half = Math.floor(changed.length / 100) * 100;
  const sawNew = () => match(variantOf(changed[half - 100]!.hash), list).verdict === 'match';
  if (sawNew()) throw new Error('a new entry is there before it came');
  const { all, block } = await longestBlock(async () =>
    feed(await list.apply({ replace: { list: 'list 3', entries: changed } })),
  );
  if (!sawNew()) throw new Error('a new entry has not come');
  const title = `a list of ${own.length.toLocaleString('en')} of ${count.toLocaleString('en')} entries, 1 % changed`;
  return context.row(title, { entries: own.length, milliseconds: all, blocks: block });
}
