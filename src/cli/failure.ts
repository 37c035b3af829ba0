import { getSystemErrorMap } from 'node:util';
import { DecodeError, FormatError } from '../index.js';

/** A command cannot do what was requested. The message is printed unchanged; exit code 2. */
export class Failure extends Error {}

/** The command line is wrong. The message is printed with a hint to `--help`; exit code 2. */
export class UsageError extends Failure {}

/** The value of a JSON text; undefined for other text, as the engine's message may quote it. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The user's name for a file: its path, or `standard input` for `-`. */
export const shownName = (path: string) => (path === '-' ? 'standard input' : path);

/**
 * An error of a file as a Failure of one line that names it. Errors that are neither of the file
 * system nor of the format are returned unchanged.
 */
export function failureOf(path: string, error: unknown): unknown {
  const { errno } = ((error as Error)?.cause ?? error) as NodeJS.ErrnoException;
  const system = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (system !== undefined) return new Failure(`${shownName(path)}: ${system}`);
  if (!(error instanceof FormatError)) return error;
  const line = error.line === undefined ? '' : `:${error.line}`;
  return new Failure(`${shownName(path)}${line}: ${error.message}`);
}

/** The text to print for a fatal error: its message, and its stack if it is a bug. */
export function textOf(error: unknown): string | undefined {
  const expected =
    error instanceof Failure ||
    error instanceof DecodeError ||
    error instanceof FormatError ||
    error instanceof RangeError ||
    (error as NodeJS.ErrnoException)?.code !== undefined;
  return expected ? (error as Error).message : (error as Error)?.stack;
}
