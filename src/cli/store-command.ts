import { access } from 'node:fs/promises';
import type { BlocklistEntry } from '../exchange/index.js';
import { type ListFormat, PackedEntries, writeHashList } from '../exchange/index.js';
import type { Store, StorePlace, StoreStatus } from '../store/index.js';
import type { Call, Command } from './command.js';
import { Failure, shownName, UsageError } from './failure.js';
import { type ListPart, readAll } from './lists.js';
import { openedStore, STORE_OPTIONS, storeFailure, storePlaceOf } from './opened-store.js';
import { exitCode, type Output, output, type Progress, progress } from './output.js';
import { outputPath, writeWhole } from './output-file.js';
import { savedBlocklist } from './saved-blocklist.js';

const USAGE = 'init | status | import LIST… | export | verify';

/** `onlyhashes store`: lists in a database, which many servers share. */
export const storeCommand: Command = {
  name: 'store',
  usage: USAGE,
  about: `Keep lists in a database that many servers share.
init makes the store, or brings it to the form of this version; status prints a line \
NAME,VALUE for each fact; import adds what match takes as a LIST, and prints a line \
ADDED,DEGENERATE,WITHDRAWN,LIST: import again after it was interrupted, what is there stays; \
export prints the entries; verify prints a line CODE,COUNT for each problem, exit code 2. A \
blocklist file or a CONFIG brings its lists and withdrawals along. An embedded store is for \
up to 100,000 entries and one program at a time.`,
  options: {
    ...STORE_OPTIONS,
    json: { about: 'print one JSON object', actions: ['status'] },
    list: {
      about: 'put entries of text lists and index files on this list',
      value: 'NAME',
      actions: ['import'],
    },
    format: {
      about: 'of the export',
      choices: ['csv', 'jsonl'],
      default: 'csv',
      actions: ['export'],
    },
    output: { about: 'write to this file', value: 'FILE', short: 'o', actions: ['export'] },
    overwrite: { about: 'let it replace a file', needs: { output: [] }, actions: ['export'] },
  },
  examples: [
    ['onlyhashes store init --store lists.db', 'an embedded store'],
    ['onlyhashes store import lists.csv --store lists.db', 'add a list'],
    ['onlyhashes store export -o all.csv --store lists.db', 'all entries as CSV'],
  ],
  minWords: 1,
  async run(call, signal) {
    const [action, ...paths] = call.words as [string, ...string[]];
    const run = ACTIONS[action];
    if (!run || paths.length > 0 !== (action === 'import')) {
      throw new UsageError(`expected ${USAGE}`);
    }
    const place = storePlaceOf(call);
    if (action !== 'init' && action !== 'import') await checkThere(place);
    const file = call.text('output');
    if (file !== undefined) await outputPath(file, { overwrite: call.on('overwrite') });
    const bar = progress(action === 'import' ? 'reading' : action, ' MB');
    const out = output(bar);
    const store = await openedStore(place);
    try {
      return await run({ store, paths, call, out, bar, signal });
    } catch (error) {
      throw signal.aborted ? error : storeFailure(error);
    } finally {
      bar.clear();
      await store.close();
    }
  },
};

interface Action {
  readonly store: Store;
  readonly paths: readonly string[];
  readonly call: Call;
  readonly out: Output;
  readonly bar: Progress;
  readonly signal: AbortSignal;
}

const ACTIONS: Readonly<Record<string, (action: Action) => Promise<number>>> = {
  async init({ store, out }) {
    const { id, form } = await store.status();
    await out.line(`${id},${form}`);
    return 0;
  },

  async status({ store, call, out }) {
    const status = await store.status();
    for (const warning of status.warnings) out.note(warning);
    if (call.on('json')) await out.line(JSON.stringify(status));
    else for (const line of linesOf(status)) await out.line(line);
    return 0;
  },

  async import({ store, paths, call, out, bar, signal }) {
    for (const path of paths) {
      const list = call.text('list');
      const { added, keptOut } = await imported(store, path, list, { out, bar, signal });
      const { degenerate, withdrawn } = keptOut;
      await out.line([added, degenerate, withdrawn, shownName(path)].join(','));
    }
    return exitCode(out.errors, out.lines);
  },

  async export({ store, call, out, signal }) {
    const path = call.text('output');
    const pieces = piecesOf(store, call.text('format') as ListFormat, signal);
    if (path !== undefined) {
      await writeWhole(path, pieces, { overwrite: call.on('overwrite'), signal });
    } else for await (const piece of pieces) await out.line(piece.replace(/\n$/, ''));
    return 0;
  },

  async verify({ store, out }) {
    const problems = await store.verify();
    for (const { code, count } of problems) await out.line(`${code},${count}`);
    return problems.length > 0 ? 2 : 0;
  },
};

/** Only `init` and `import` make a folder: another name of it would look like an empty store. */
async function checkThere(place: StorePlace): Promise<void> {
  if (!('dataDir' in place) || place.dataDir === undefined) return;
  const there = await access(place.dataDir).then(
    () => true,
    () => false,
  );
  if (!there) throw new Failure('the store: no such folder; onlyhashes store init makes it');
}

function* linesOf({ lists, warnings: _, ...facts }: StoreStatus): Generator<string> {
  for (const [name, value] of Object.entries(facts)) yield `${name},${value}`;
  for (const { name, size, paused } of lists) yield `list,${size},${paused},${name}`;
}

/** Adds a LIST. Withdrawals come first: a kill in between leaves nothing withdrawn in force. */
async function imported(
  store: Store,
  path: string,
  list: string | undefined,
  options: Pick<Action, 'out' | 'bar' | 'signal'>,
) {
  const saved = await savedBlocklist(path, {
    algorithm: undefined,
    bits: undefined,
    allowEmpty: true,
  });
  if (!saved) {
    const parts = await readAll(path, undefined, options);
    options.bar.stage('storing');
    return await store.add(onList(list, entriesOf(parts)));
  }
  const { blocklist } = saved;
  if (list !== undefined) throw new Failure(`${path}: --list: its entries have their lists`);
  for (const withdrawn of blocklist.withdrawals) await store.withdraw(withdrawn);
  for (const { name, trust, tier, enabled, policy } of blocklist.lists()) {
    await store.setList(name, { trust, tier, enabled, ...(policy && { policy }) });
  }
  options.bar.stage('storing');
  return await store.add(blocklist.entries());
}

function* onList(list: string | undefined, entries: Iterable<BlocklistEntry>) {
  for (const entry of entries) yield list === undefined ? entry : { ...entry, list };
}

function* entriesOf(parts: readonly ListPart[]): Generator<BlocklistEntry> {
  for (const part of parts) {
    if (part instanceof PackedEntries) {
      for (let row = 0; row < part.size; row++) yield part.entryAt(row);
      continue;
    }
    const { index, entries } = part;
    const hits = new Uint32Array(2 * index.size);
    const any = { algorithm: index.algorithm, bytes: new Uint8Array(index.bits / 8) };
    index.searchInto(any, index.bits, hits);
    for (let at = 0; at < hits.length; at += 2) yield entries.entryAt(hits[at]!);
  }
}

/** The entries as text, one at a time: a store may be larger than memory. */
async function* piecesOf(store: Store, format: ListFormat, signal: AbortSignal) {
  const [header] = writeHashList([], { format });
  if (header !== undefined) yield header;
  for await (const entry of store.entries()) {
    signal.throwIfAborted();
    yield [...writeHashList([entry], { format })].at(-1)!;
  }
}
