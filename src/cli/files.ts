import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The files that words of the command line name: directories are walked (sorted by name, hidden entries left out),
 * all else is passed on as it is, `-` too. A directory that cannot be read is passed on, so that the reading of it
 * reports the error in its place.
 */
export async function listed(words: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const word of words) {
    if (word === '-' || !(await isDirectory(word))) files.push(word);
    else for await (const file of walk(word)) files.push(file);
  }
  return files;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function* walk(directory: string): AsyncGenerator<string> {
  let entries: Awaited<ReturnType<typeof list>>;
  try {
    entries = await list(directory);
  } catch {
    yield directory;
    return;
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(directory, entry.name);
    // A link to a directory is not followed: it may lead back up. A link to a file is read as that file.
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile() || (entry.isSymbolicLink() && !(await isDirectory(path)))) yield path;
  }
}

async function list(directory: string) {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
