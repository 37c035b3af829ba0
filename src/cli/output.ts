import { stderr, stdout } from 'node:process';
import { encoded } from './file-name.js';
import type { Progress } from './progress.js';

/**
 * What `hash` and `match` print: lines on standard output, errors on standard error, the progress
 * line out of the way. File names in them are printed with the bytes that they have.
 */
export interface Output {
  line(text: string): Promise<void>;
  /** prints an error and counts it */
  error(file: string, message: string): void;
  /** prints what is worth knowing and no error */
  say(file: string, message: string): void;
  /** the same, of no file in particular */
  note(message: string): void;
  /** counts an error that is told elsewhere */
  count(): void;
  /** lines printed */
  readonly lines: number;
  readonly errors: number;
}

/** Standard output that waits for a slow reader, so that memory stays bounded. */
export function output(progress: Progress): Output {
  let lines = 0;
  let errors = 0;
  return {
    get lines() {
      return lines;
    },
    get errors() {
      return errors;
    },
    async line(text) {
      lines++;
      if (stdout.isTTY) progress.clear();
      if (!stdout.write(encoded(`${text}\n`)))
        await new Promise((resolve) => stdout.once('drain', resolve));
    },
    error(file, message) {
      errors++;
      this.say(file, message);
    },
    say(file, message) {
      this.note(`${file}: ${message}`);
    },
    note(message) {
      progress.clear();
      stderr.write(encoded(`onlyhashes: ${message}\n`));
    },
    count() {
      errors++;
    },
  };
}

/** The exit code: 2 after any error, else 0 if anything was found or done, else 1. */
export function exitCode(errors: number, found: number): number {
  if (errors > 0) return 2;
  return found > 0 ? 0 : 1;
}
