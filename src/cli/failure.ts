import { getSystemErrorMap } from 'node:util';
import { DecodeError, FormatError } from '../index.js';

/** A command cannot do what it was asked to. The message is printed as it is; exit code 2. */
export class Failure extends Error {}

/** The command line is wrong. The message is printed with a hint to `--help`; exit code 2. */
export class UsageError extends Failure {}

/** The value of a text of JSON; of another text undefined, as the engine's words may quote it. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the user knows a file by: its path, or `standard input` for `-`. */
export const shownName = (path: string) => (path === '-' ? 'standard input' : path);

/**
 * What went wrong with a file as a Failure of one line that names it. Errors that are neither of
 * the file system nor of the format are returned as they are.
 */
export function failureOf(path: string, error: unknown): unknown {
  const { errno } = ((error as Error)?.cause ?? error) as NodeJS.ErrnoException;
  const system = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (system !== undefined) return new Failure(`${shownName(path)}: ${system}`);
  if (!(error instanceof FormatError)) return error;
  const line = error.line === undefined ? '' : `:${error.line}`;
  return new Failure(`${shownName(path)}${line}: ${error.message}`);
}

/** What to print of an error that ends the program: the message, and the stack if it is a bug. */
export function textOf(error: unknown): string | undefined {
  const expected =
    error instanceof Failure ||
    error instanceof DecodeError ||
    error instanceof FormatError ||
    error instanceof RangeError ||
    (error as NodeJS.ErrnoException)?.code !== undefined;
  return expected ? (error as Error).message : (error as Error)?.stack;
}
