import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { imageFormatOf } from '../node/index.js';
import { Failure } from './failure.js';
import { encoded, nameOf } from './file-name.js';
import type { Output } from './output.js';

/** More than `imageFormatOf` looks at: 272 bytes. */
const HEAD_BYTES = 512;

/**
 * The files that words of the command line name, in their order. Folders are walked, each sorted by
 * name. A file with a plain name is taken for a picture, so a broken picture is reported. A hidden
 * file is taken if it begins as a picture; hidden folders are left out. Links are followed, each
 * folder once. What is left out is counted on standard error. A folder that cannot be read is
 * listed itself: reading it reports the error in its place.
 * @throws {Failure} if there is no file at all
 */
export async function listed(
  words: readonly string[],
  { out, signal }: { out: Output; signal: AbortSignal },
): Promise<string[]> {
  const walk = new Walk(out, signal);
  for (const word of words) await walk.add(word);
  walk.tell();
  if (walk.files.length === 0) throw new Failure('expected a picture, found none');
  return walk.files;
}

class Walk {
  readonly files: string[] = [];
  readonly #out: Output;
  readonly #signal: AbortSignal;
  /** folders that a link led to */
  readonly #followed = new Set<string>();
  readonly #left = { folders: 0, files: 0, links: 0, others: 0 };

  constructor(out: Output, signal: AbortSignal) {
    this.#out = out;
    this.#signal = signal;
  }

  async add(word: string): Promise<void> {
    if (word !== '-' && (await kindOf(word)) === 'folder') await this.#walk(word, [], false);
    else this.files.push(word);
  }

  /** Prints how much was left out, if anything was. */
  tell(): void {
    const { folders, files, links, others } = this.#left;
    const parts = [
      [folders, 'hidden folder', 'hidden folders'],
      [files, 'hidden file that is not a picture', 'hidden files that are not pictures'],
      [links, 'link to a folder already followed', 'links to folders already followed'],
      [others, 'pipe, socket or device', 'pipes, sockets or devices'],
    ] as const;
    const told = parts
      .filter(([count]) => count > 0)
      .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`);
    if (told.length > 0) this.#out.note(`left out: ${told.join(', ')}`);
  }

  /** @param above the folders that `folder` lies in, by their identity */
  async #walk(folder: string, above: readonly string[], linked: boolean): Promise<void> {
    this.#signal.throwIfAborted();
    let id: string;
    let entries: Awaited<ReturnType<typeof entriesOf>>;
    try {
      id = await identityOf(folder);
      if (above.includes(id)) {
        this.#out.say(folder, 'a link back to a folder that it lies in; not followed');
        return;
      }
      if (linked && this.#followed.has(id)) {
        this.#left.links++;
        return;
      }
      entries = await entriesOf(folder);
    } catch {
      this.files.push(folder);
      return;
    }
    if (linked) this.#followed.add(id);
    for (const [name, entry] of entries) {
      const path = within(folder, name);
      const hidden = name.startsWith('.');
      const link = entry.isSymbolicLink();
      const kind = link ? await kindOf(path) : kindBy(entry);
      if (kind === 'folder') {
        if (hidden) this.#left.folders++;
        else await this.#walk(path, [...above, id], link);
      } else if (kind === 'other') this.#left.others++;
      else if (hidden && !(await mayBePicture(path))) this.#left.files++;
      else this.files.push(path);
    }
  }
}

/**
 * As `join`, which would take `link/..` for the folder that the link is in: such a path stays as it
 * is.
 */
function within(folder: string, name: string): string {
  return folder.includes('..') ? `${folder}${sep}${name}` : join(folder, name);
}

type Kind = 'folder' | 'file' | 'other';

function kindBy(entry: { isDirectory(): boolean; isFile(): boolean }): Kind {
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}

/**
 * What `path` leads to. If that cannot be told it counts as a file: reading it reports the error.
 */
async function kindOf(path: string): Promise<Kind> {
  try {
    return kindBy(await stat(encoded(path)));
  } catch {
    return 'file';
  }
}

/** The same for every path that leads to the folder, and for no other folder. */
async function identityOf(folder: string): Promise<string> {
  const { dev, ino } = await stat(encoded(folder), { bigint: true });
  return `${dev}:${ino}`;
}

async function entriesOf(folder: string) {
  const entries = await readdir(encoded(folder), { withFileTypes: true, encoding: 'buffer' });
  return entries
    .map((entry) => [nameOf(entry.name), entry] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Whether a file begins as a picture. True if it cannot be read: reading it again reports why. */
async function mayBePicture(path: string): Promise<boolean> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(encoded(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return !['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return imageFormatOf(buffer.subarray(0, bytesRead)) !== undefined;
  } catch {
    return true;
  } finally {
    await file.close();
  }
}
