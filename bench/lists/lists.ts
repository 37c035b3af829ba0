import { type Bench, type BenchContext, writeRecord } from '../harness.js';
import { decidePart, replacePart } from './decide.js';
import { fetchPart } from './fetch.js';
import type { ListsPart } from './run.js';
import { withdrawPart } from './withdraw.js';

const COUNT = 1_000_000;

/** By name, in their order. */
const PARTS: Readonly<Record<string, ListsPart>> = {
  fetch: fetchPart,
  withdraw: withdrawPart,
  decide: decidePart,
  replace: replacePart,
};

/**
 * `lists`: several lists in one blocklist, and where they come from. `fetch`: a list is fetched from
 * a fake service over loopback and applied; `withdraw`: until what was withdrawn, here or there, is
 * invisible; `decide`: a decision on 1, 5 and 20 lists, and on 20 blocklists; `replace`: a list of
 * which one in a hundred entries has changed. Options: `largest`, `out` names a folder for
 * `lists.json`.
 */
export const listsBench: Bench = {
  name: 'lists',
  ownRecord: true,
  about: 'lists that are fetched, changed and searched, a million entries in all',
  long: true,
  takes: '[PART…]',
  run: (context) => runLists(context, new URL('./bench-server.js', import.meta.url)),
};

/** Runs the parts that are named, or all of them. */
export async function runLists(context: BenchContext, script: URL): Promise<void> {
  const names = context.words?.length ? context.words : Object.keys(PARTS);
  if (names.some((name) => !Object.hasOwn(PARTS, name))) {
    throw new RangeError(`expected parts among ${Object.keys(PARTS).join(', ')}`);
  }
  const count = Number(context.options.largest ?? COUNT);
  const record: Record<string, unknown> = {};
  for (const name of names) {
    context.note(`\n  part ${name}`);
    record[name] = await PARTS[name]!({ context, count, script });
  }
  writeRecord(context, 'lists', { entries: count, ...record });
}
