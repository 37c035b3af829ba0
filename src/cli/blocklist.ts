import { createReadStream } from 'node:fs';
import { stdin } from 'node:process';
import { type PackedEntries, readPackedEntries } from '../exchange/index.js';
import type { Algorithm, FormatError } from '../index.js';
import { type Blocklist, createBlocklist, type PolicyOptions } from '../matching/index.js';
import { isIndexFile, openIndex } from '../node/index.js';
import type { Output } from './output.js';
import type { Progress } from './progress.js';

/** How a list is read: what its bare hashes are, and who is told of its problems. */
export interface ListOptions {
  readonly algorithm: Algorithm;
  readonly signal: AbortSignal;
  readonly out: Output;
  readonly bar: Progress;
}

/** Problems of a list that are printed one by one; the rest are counted. */
const PROBLEMS_SHOWN = 20;

/** The entries of a list file, by column; its problems are printed with their lines. `-` is standard input. */
export async function readList(
  path: string,
  { algorithm, signal, out, bar }: ListOptions,
): Promise<PackedEntries[]> {
  let problems = 0;
  const onProblem = ({ line, message }: FormatError) => {
    if (problems++ < PROBLEMS_SHOWN) out.error(`${path}:${line}`, message);
    else out.count();
  };
  const source = path === '-' ? stdin : createReadStream(path, { signal });
  let bytes = 0;
  async function* counted() {
    for await (const chunk of source) {
      bytes += (chunk as Uint8Array).length;
      bar.update(Math.round(bytes / 1e6));
      yield chunk as Uint8Array;
    }
  }
  const tables = await readPackedEntries(counted(), { algorithm, onProblem });
  bar.clear();
  if (problems > PROBLEMS_SHOWN) out.say(path, `${problems} lines with problems in all`);
  return tables;
}

/** A list file or an index file, told by its first bytes, as a blocklist. */
export async function readBlocklist(
  path: string,
  policy: PolicyOptions,
  options: ListOptions,
): Promise<Blocklist> {
  const blocklistOptions = { policy };
  if (path !== '-' && (await isIndexFile(path))) {
    return createBlocklist([await openIndex(path)], blocklistOptions);
  }
  const blocklist = createBlocklist(await readList(path, options), blocklistOptions);
  const { degenerate } = blocklist.keptOut;
  if (degenerate > 0) {
    options.out.say(path, `${degenerate} degenerate hashes were kept out of matching`);
  }
  return blocklist;
}
