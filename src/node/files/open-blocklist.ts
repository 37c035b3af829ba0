import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { parse } from 'node:path';
import { addNow, Blocklist, type DurableChanges } from '../../blocklist/blocklist.js';
import { ListState } from '../../blocklist/list-state.js';
import { listFile } from '../../blocklist/records/list-bytes.js';
import { replaceFile } from '../../disk/replace-file.js';
import {
  boolean,
  callback,
  checkedOptions,
  checkTypeOf,
  nested,
  type OptionCheck,
  type OptionTable,
  SIGNAL,
  tableOf,
} from '../../door.js';
import { FormatError } from '../../errors.js';
import { newHash } from '../../hash.js';
import { nextTurn } from '../../in-turns.js';
import { match } from '../../matching/match.js';
import { readHashList } from '../../text/hash-list.js';
import { checkPath, isIndexFile, type OpenOptions, openIndex } from './index-file.js';
import { ListFile } from './list-file.js';
import { whileAlone } from './list-lock.js';
import {
  isBlocklistFile,
  loadBlocklist,
  OPEN_BLOCKLIST_OPTIONS,
  type OpenBlocklistOptions,
} from './list-records.js';

/** Polling interval for a followed file, in milliseconds. */
const LOOK_MILLISECONDS = 500;
/** Polls to skip while a file that could not be read is unchanged. */
const SKIPS = 10;

/** Options for following a file. */
export interface FollowOptions {
  /** stops following */
  readonly signal?: AbortSignal;
  /** called once others have changed the list */
  readonly onChange?: () => void;
  /**
   * called with the reason when the file cannot be followed, and with undefined once it can again;
   * meanwhile the list stays unchanged
   */
  readonly onProblem?: (problem: Error | undefined) => void;
}

/** Options for opening a list in a file. */
export interface OpenListOptions extends OpenBlocklistOptions {
  /**
   * applies what other processes write to the file, within a second. A list of text or an index
   * file is not followed but refused, as `bad-magic`
   */
  readonly follow?: FollowOptions;
  /**
   * creates a blocklist file, of mode 600, if there is no file: an empty one, or with everything in
   * a list in memory; default false
   */
  readonly create?: boolean | Blocklist;
  /**
   * opens a copy in memory: its changes do not reach the file, nor the file's changes the copy;
   * default false
   */
  readonly copy?: boolean;
}

/** Accepts a blocklist or a boolean. */
const creation: OptionCheck = (name, value) => {
  if (!(value instanceof Blocklist)) checkTypeOf(name, value, 'boolean');
};

export const FOLLOW_OPTIONS = {
  signal: SIGNAL,
  onChange: { is: callback },
  onProblem: { is: callback },
} as const satisfies OptionTable<FollowOptions>;

export const OPEN_LIST_OPTIONS = tableOf(OPEN_BLOCKLIST_OPTIONS, {
  follow: { is: nested, options: FOLLOW_OPTIONS },
  create: { is: creation, default: false },
  copy: { is: boolean, default: false },
}) satisfies OptionTable<OpenListOptions>;

/**
 * Opens the blocklist in a file. What `apply` changes is on disk before it is visible. It appends
 * to the file, taking turns with other processes of this machine, and applies their changes first.
 * What was withdrawn stays withdrawn.
 *
 * Opening takes no lock. A list of text and an index file can be opened, too. They are read once,
 * and `apply` rejects, except for that of a `copy`. `onlyhashes convert list.csv list.ohb` makes a
 * blocklist file of one.
 * @param path a path to a regular file, as `create` or `onlyhashes convert` make it
 * @param options `follow`: applies what others change, even while this process applies nothing. A
 *   file that an older copy replaced is rejected, and so is a damaged one
 * @throws {TypeError | RangeError} if `path` or an option is invalid
 * @throws {FormatError} `unreadable`, `bad-magic`, `bad-version`, `bad-header`, `bad-length`,
 *   `bad-checksum`, `bad-line`, `bad-notes` or `old-generation`. `apply` rejects with `unwritable`
 *   if the file cannot be written, with `in-use` if another process has written it for a minute,
 *   and with the others if it can no longer be read; nothing has changed then
 */
export async function openBlocklist(
  path: string,
  options: OpenListOptions = {},
): Promise<Blocklist> {
  checkPath(path);
  const { follow, create, copy, ...how } = checkedOptions(options, OPEN_LIST_OPTIONS);
  const { onRejected, ...reading } = how;
  if (copy && follow) throw new TypeError('expected copy or follow, not both');
  follow?.signal?.throwIfAborted();
  const list = new Blocklist({ onRejected });
  if (!/\.ohb$/i.test(path) && !(await isBlocklistFile(path)) && (await isThere(path))) {
    if (follow) {
      const message = `expected a blocklist file to follow: ${readOnlyHint(path)}`;
      throw new FormatError('bad-magic', message);
    }
    await readWhole(path, list, reading);
    if (!copy) list.keptBy(() => unchanged(path));
    return searchedOnce(list);
  }
  if (create && !existsSync(path)) {
    await makeFile(path, create === true ? new ListState() : create.state);
  }
  if (copy) return searchedOnce(await loadBlocklist(path, how));
  const file = await ListFile.open(path, list, reading);
  if (follow) followed(file, follow);
  return searchedOnce(list);
}

/**
 * Decides about a hash of the list and one that is near nothing. The first search builds tables,
 * and the engine compiles the code: about 6 ms, which no upload then waits for.
 */
async function searchedOnce(list: Blocklist): Promise<Blocklist> {
  for (const { algorithm, parts } of list.state.kinds.values()) {
    const [part] = parts;
    if (!part || part.table.size === 0) continue;
    await nextTurn();
    // Hashes of several entries come first.
    const { bytes } = part.table.hashAt(part.table.size - 1);
    for (const flipped of [0, 255]) {
      const hash = newHash(
        algorithm,
        bytes.map((byte) => byte ^ flipped),
      );
      match({ hash, quality: 100, variants: [] }, list);
    }
  }
  return list;
}

/** Creates a blocklist file, unless another process does. */
async function makeFile(path: string, state: ListState): Promise<void> {
  try {
    await whileAlone(path, async () => {
      if (existsSync(path)) return;
      const { pieces } = await listFile(state);
      await replaceFile(path, pieces, undefined);
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof FormatError) throw error;
    throw new FormatError('unwritable', `the blocklist file cannot be created (${code})`, {
      cause: error,
    });
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (about) => about.isFile() && about.size > 0,
    () => false,
  );

/** Reads an index file, or a list of text. */
async function readWhole(path: string, list: Blocklist, options: OpenOptions): Promise<void> {
  if (await isIndexFile(path)) addNow(list, [], [await openIndex(path, options)]);
  else {
    const text = createReadStream(path);
    try {
      await list.apply({ add: readHashList(text) });
    } finally {
      text.destroy();
    }
    // Truncated to nothing, any file is a list of text without entries.
    if (list.size === 0) throw new FormatError('not-a-list', 'expected a list with entries');
  }
}

/** Leaves a list unchanged. */
function unchanged(path: string): DurableChanges {
  const refused = async (): Promise<never> => {
    throw new FormatError('unwritable', `expected a blocklist file: ${readOnlyHint(path)}`);
  };
  return { make: refused, makeReady: refused, rest: nextTurn };
}

function readOnlyHint(path: string): string {
  const { base, name } = parse(path);
  const command = `npx onlyhashes convert ${base} ${name}.ohb`;
  return `${base} is read-only; \`${command}\` makes one that can change`;
}

/** Polls a file twice a second. The timer does not keep the program alive. */
function followed(file: ListFile, { signal, onChange, onProblem }: FollowOptions): void {
  const follower = new Follower(file, { onChange, onProblem });
  let timer: NodeJS.Timeout;
  const wait = () => {
    timer = setTimeout(async () => {
      await follower.look();
      if (!signal?.aborted) wait();
    }, LOOK_MILLISECONDS);
    timer.unref();
  };
  wait();
  signal?.addEventListener('abort', () => {
    clearTimeout(timer);
    file.onChange = undefined;
  });
}

/** Follows a file, one poll after the other. */
export class Follower {
  readonly #file: ListFile;
  readonly #onProblem: FollowOptions['onProblem'] | undefined;
  /** the file's identity when it could not be followed */
  #refused: string | undefined;
  #problem: string | undefined;
  #skips = 0;

  constructor(
    file: ListFile,
    options: {
      onChange?: (() => void) | undefined;
      onProblem?: FollowOptions['onProblem'] | undefined;
    },
  ) {
    this.#file = file;
    file.onChange = options.onChange;
    this.#onProblem = options.onProblem;
  }

  /** Applies what others have changed, or reports why it cannot. */
  async look(): Promise<void> {
    const { path } = this.#file;
    const about = await stat(path).catch(() => undefined);
    const seen = about && `${about.ino} ${about.size} ${about.mtimeMs}`;
    // Reading a large damaged file takes seconds.
    if (seen !== undefined && seen === this.#refused && this.#skips-- > 0) return;
    try {
      await this.#file.look();
      this.#refused = undefined;
      this.#report(undefined);
    } catch (error) {
      this.#refused = seen;
      this.#skips = SKIPS;
      this.#report(error as Error);
    }
  }

  #report(problem: Error | undefined): void {
    const text = problem && `${(problem as FormatError).code} ${problem.message}`;
    if (text === this.#problem) return;
    this.#problem = text;
    this.#file.list.problem = problem;
    this.#onProblem?.(problem);
  }
}
