import { type Bench, type BenchContext, partsOf } from '../harness.js';
import { serverScript } from '../programs/programs.js';
import { decidePart, replacePart } from './decide.js';
import { variantsPart } from './decide-variants.js';
import { fetchPart, withdrawPart } from './fetch.js';

const COUNT = 1_000_000;

/** By name, in their order. */
const PARTS = {
  fetch: fetchPart,
  withdraw: withdrawPart,
  decide: decidePart,
  variants: variantsPart,
  replace: replacePart,
};

/**
 * `lists`: several lists in one blocklist, and where they come from. `fetch`: a list is fetched from
 * a fake service over loopback and applied; `withdraw`: until what was withdrawn, here or there, is
 * invisible; `decide`: a decision on 1, 5 and 20 lists, and on 20 blocklists; `variants`: one about
 * all variants of a picture; `replace`: a list of which one in a hundred entries has changed.
 * Options: `largest`, `out` names a folder for `lists.json`.
 */
export const listsBench: Bench = {
  name: 'lists',
  about: 'lists that are fetched, changed and searched, a million entries in all',
  long: true,
  takes: '[PART…]',
  run: (context) => runLists(context, serverScript()),
};

/** Runs the parts that are named, or all of them. Each checks its answers first. */
export async function runLists(
  context: BenchContext,
  script: URL,
): Promise<Record<string, unknown>> {
  const count = context.options.largest ?? COUNT;
  const record: Record<string, unknown> = { entries: count };
  for (const [name, part] of partsOf(context, PARTS)) {
    context.note(`\n  part ${name}`);
    record[name] = await part(context, count, script);
  }
  return record;
}
