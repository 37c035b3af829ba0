import { opendir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileKindOf } from '../../node/index.js';
import { Failure } from '../failure.js';
import { encoded, nameOf } from '../file-name.js';
import { counted, type Output } from '../output.js';

/** Entries per read. With 32, Node's default, a million take twice as long. */
const ENTRIES_AT_ONCE = 1024;

/**
 * The files that words of the command line name, in their order, while they are found. Folders are
 * walked, each sorted by name; only the names in open folders are held. A file with a plain name
 * counts as a picture, so that a broken picture is reported; a hidden file counts if it begins as a
 * picture. Hidden folders are left out. Links are followed, each folder once. A folder that cannot
 * be read is yielded itself: reading it reports the error in its place.
 * @param out gets notes of what is left out
 * @param onTotal called once the number of files is known: at once if all words are files, else at
 *   the end
 * @throws {Failure} at the end, if there was no file
 */
export async function* picturesIn(
  words: readonly string[],
  out: Output,
  onTotal: (total: number) => void,
): AsyncGenerator<string, void, undefined> {
  const walk = new Walk(out);
  // Checked beforehand: most calls only name files, and then progress has a total from the start.
  const kinds = await Promise.all(words.map((word) => (word === '-' ? 'file' : kindOf(word))));
  if (!kinds.includes('folder')) onTotal(words.length);
  let total = 0;
  for (const [at, word] of words.entries()) {
    const files = kinds[at] === 'folder' ? walk.files(word) : [word];
    for await (const file of files) {
      total++;
      yield file;
    }
  }
  walk.report();
  if (total === 0) throw new Failure('expected a picture, found none');
  onTotal(total);
}

/** A folder that is being walked. */
interface OpenFolder {
  readonly path: string;
  readonly id: string;
  readonly entries: Entries;
  /** number of its entries that are done */
  done: number;
}

class Walk {
  readonly #out: Output;
  /** the ids of folders that a link led to */
  readonly #followed = new Set<string>();
  readonly #left = { folders: 0, files: 0, links: 0, others: 0 };

  constructor(out: Output) {
    this.#out = out;
  }

  /** The files in a folder. Recursion would cost every file a promise for each level. */
  async *files(folder: string): AsyncGenerator<string, void, undefined> {
    const above: OpenFolder[] = [];
    if (!(await this.#enter(folder, false, above))) yield folder;
    for (let top = above.at(-1); top !== undefined; top = above.at(-1)) {
      this.#out.signal.throwIfAborted();
      const name = top.entries.names[top.done++];
      if (name === undefined) {
        above.pop();
        continue;
      }
      const path = within(top.path, name);
      const hidden = name.startsWith('.');
      const entry = top.entries.special.get(name) ?? 'file';
      const linked = entry === 'link';
      const kind = linked ? await kindOf(path) : entry;
      if (kind === 'folder') {
        if (hidden) this.#left.folders++;
        else if (!(await this.#enter(path, linked, above))) yield path;
      } else if (kind === 'other') this.#left.others++;
      else if (hidden && !(await mayBePicture(path))) this.#left.files++;
      else yield path;
    }
  }

  /** Puts a folder on top of its parents, unless it is left out. False if it is unreadable. */
  async #enter(path: string, linked: boolean, above: OpenFolder[]): Promise<boolean> {
    try {
      const id = await identityOf(path);
      if (above.some((folder) => folder.id === id)) {
        this.#out.say(path, 'a link to a folder that contains it; not followed');
      } else if (linked && this.#followed.has(id)) {
        this.#left.links++;
      } else {
        above.push({ path, id, entries: await entriesOf(path, this.#out.signal), done: 0 });
        if (linked) this.#followed.add(id);
      }
      return true;
    } catch {
      this.#out.signal.throwIfAborted();
      return false;
    }
  }

  /** Notes how much was left out, if anything was. */
  report(): void {
    const { folders, files, links, others } = this.#left;
    const parts = [
      [folders, 'hidden folder', 'hidden folders'],
      [files, 'hidden file that is not a picture', 'hidden files that are not pictures'],
      [links, 'link to a folder already followed', 'links to folders already followed'],
      [others, 'pipe, socket or device', 'pipes, sockets or devices'],
    ] as const;
    const texts = parts
      .filter(([count]) => count > 0)
      .map(([count, one, many]) => counted(count, one, many));
    if (texts.length > 0) this.#out.note(`left out: ${texts.join(', ')}`);
  }
}

/** As `join`, but keeps `..`: `join` takes `link/..` for the folder that holds the link. */
function within(folder: string, name: string): string {
  return folder.includes('..') ? `${folder}${sep}${name}` : join(folder, name);
}

type Kind = 'folder' | 'file' | 'other';

function kindBy(entry: { isDirectory(): boolean; isFile(): boolean }): Kind {
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}

/** The kind of file at `path`. `file` if that is unknown: reading it reports the error. */
async function kindOf(path: string): Promise<Kind> {
  try {
    return kindBy(await stat(encoded(path)));
  } catch {
    return 'file';
  }
}

/** The same for every path to the folder, and unique to it. */
async function identityOf(folder: string): Promise<string> {
  const { dev, ino } = await stat(encoded(folder), { bigint: true });
  return `${dev}:${ino}`;
}

/** The names in a folder, sorted, and the kinds of those that are not plain files. */
interface Entries {
  readonly names: readonly string[];
  readonly special: ReadonlyMap<string, Kind | 'link'>;
}

/** A million files take 150 MB; a million of Node's own entries would take 670. */
async function entriesOf(folder: string, signal: AbortSignal): Promise<Entries> {
  const names: string[] = [];
  const special = new Map<string, Kind | 'link'>();
  // Node's types lack the option of names as bytes.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: ENTRIES_AT_ONCE };
  for await (const entry of await opendir(encoded(folder), options)) {
    signal.throwIfAborted();
    const name = nameOf(entry.name as unknown as Buffer);
    names.push(name);
    if (!entry.isFile()) special.set(name, entry.isSymbolicLink() ? 'link' : kindBy(entry));
  }
  return { names: names.sort(), special };
}

/** True if a file begins as a picture, or cannot be read: reading it again reports why. */
async function mayBePicture(path: string): Promise<boolean> {
  try {
    const kind = await fileKindOf(encoded(path));
    return kind !== undefined && !['index', 'blocklist', 'video'].includes(kind);
  } catch (error) {
    const { code } = Object((error as Error).cause) as NodeJS.ErrnoException;
    return !['ENOENT', 'ELOOP'].includes(code ?? '');
  }
}
