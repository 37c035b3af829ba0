import { constants, createReadStream, existsSync } from 'node:fs';
import { stdin } from 'node:process';
import type { Readable } from 'node:stream';
import { type Algorithm, DecodeError, type Hash, hashFromHex } from '../../index.js';
import { type HashFilesResult, hashAll, readBytes } from '../../node/index.js';
import type { Call } from '../command.js';
import { encoded } from '../file-name.js';
import type { Output } from '../output.js';
import { picturesIn } from './walk.js';

/** A picture to read: a path, or a stream. */
export type Source = string | Readable;

/** The source of a file on the command line; `-` is standard input. */
export function sourceOf(file: string): Source {
  if (file === '-') return stdin;
  const path = encoded(file);
  // `hash` would take bytes for the picture itself. With O_NONBLOCK, opening a pipe does not wait
  // for its other end.
  const flags = (constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)) as unknown as string;
  return typeof path === 'string' ? path : createReadStream(path, { flags });
}

/** The bytes of a file, or the path of one that is too long for a picture, but may be listed. */
export async function contentOf(file: string, signal: AbortSignal): Promise<Uint8Array | string> {
  const source = sourceOf(file);
  try {
    return await readBytes(source, { signal });
  } catch (error) {
    const isLong = error instanceof DecodeError && error.code === 'too-many-bytes';
    if (isLong && typeof source === 'string') return source;
    throw error;
  }
}

/**
 * True if a word of the command line is a hash rather than a file: hex digits, of the right number
 * or not, with no file of that name.
 */
export function isHex(word: string): boolean {
  return /^[0-9a-f]{16,}$/i.test(word) && !existsSync(word);
}

/** The hash in a word, of `--algorithm` or as `md5:HEX`; otherwise an id. */
export function hashOrId(word: string, call: Call): Hash | { readonly id: string } {
  const [, name = call.text('algorithm'), hex = ''] = /^(?:(\w+):)?(\w+)$/.exec(word) ?? [];
  try {
    return hashFromHex(name as Algorithm, hex);
  } catch {
    return { id: word };
  }
}

/**
 * The files that `words` name, in their order, each with the result of `job`. Folders are walked
 * only as far ahead as the work needs.
 */
export async function* eachPicture<T>(
  words: readonly string[],
  job: (file: string, signal: AbortSignal) => Promise<T>,
  out: Output,
): AsyncGenerator<HashFilesResult<T>> {
  let total: number | undefined;
  const onTotal = (files: number) => {
    total = files;
  };
  out.update(0);
  const { signal } = out;
  const onProgress = ({ done }: { done: number }) => out.update(done, total);
  const hash = (file: string, { signal: ended }: { signal: AbortSignal }) => job(file, ended);
  yield* hashAll(picturesIn(words, out, onTotal), { hash, signal, onProgress });
}
