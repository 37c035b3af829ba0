import { once } from 'node:events';
import process, { stderr, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { writeCell } from '../index.js';
import { Failure } from './failure.js';
import { encoded } from './file-name.js';

/**
 * Characters in a name or a label that would control a terminal, or make it show another text:
 * controls other than tabs and line breaks, those of 0x80 to 0x9f as bytes too, and marks of
 * direction.
 */
const STEERING = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\u2028\u2029\udc80-\udc9f]/gu;

/** A text that is safe for a terminal: characters that control it become `\x1b` or `\u202e`. */
export const shown = (text: string): string =>
  text.replace(STEERING, (character) => {
    const code = character.charCodeAt(0);
    const isByte = code < 0x100 || code >= 0xdc80;
    return isByte
      ? `\\x${(code & 0xff).toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });

/**
 * @param before printed unchanged, as `coloured` made it
 * @returns false if a reader is slow, as in `write`
 */
export const toStdout = (text: string, before = ''): boolean =>
  stdout.write(encoded(before + (stdout.isTTY ? shown(text) : text)));

/** A text in a colour, unless the terminal or the user (`NO_COLOR`) has none. */
export function coloured(colour: 'red' | 'yellow' | 'green' | 'magenta', text: string): string {
  const hasColours = stdout.isTTY && !process.env.NO_COLOR && (stdout.hasColors?.() ?? true);
  return hasColours ? styleText(colour, shown(text), { validateStream: false }) : shown(text);
}

/** A line of CSV. Labels are one cell, and an unknown value is an empty one. */
export const csvLine = (cells: readonly unknown[]): string =>
  cells.map((cell) => writeCell(Array.isArray(cell) ? cell : `${cell ?? ''}`)).join(',');

/** Prints a line of a text with few lines. */
export const print = (text: string | number): boolean => toStdout(`${text}\n`);

/** @param before moves the cursor */
export const toStderr = (text: string, before = ''): boolean =>
  stderr.write(encoded(before + shown(text)));

/**
 * The output of a command and its progress line: results on standard output; errors, notes and
 * progress on standard error. File names are printed byte by byte, except for what would control a
 * terminal: on standard error always, on standard output if it is one.
 */
export interface Output extends Progress {
  /** aborts when the program is to end */
  readonly signal: AbortSignal;
  /** names the work that starts now, e.g. `hashing`, and the unit of its amounts */
  begin(what: string, unit?: string): void;
  /** true if standard output is a terminal: a person reads the results, and no script */
  readonly isTerminal: boolean;
  /**
   * prints a result; waits for a slow reader, so that memory stays bounded
   * @param before begins the line, from `coloured`
   */
  line(text: string, before?: string): Promise<void>;
  /** prints an error about a file, and counts it */
  error(file: string, message: string): void;
  /** counts an error that is printed elsewhere */
  count(): void;
  /** prints a note about a file that is not an error */
  say(file: string, message: string): void;
  /** prints a note about no file in particular */
  note(message: string): void;
  /** asks at the terminal; there is no progress line until the answer. See `answerTo` */
  ask(question: string): Promise<string>;
  /** results printed */
  readonly lines: number;
  readonly errors: number;
}

export function output(signal: AbortSignal): Output {
  let bar = progress('');
  let lines = 0;
  let errors = 0;
  return {
    signal,
    isTerminal: stdout.isTTY === true,
    begin(what, unit) {
      bar.clear();
      bar = progress(what, unit);
    },
    update: (done, total) => bar.update(done, total),
    stage: (what) => bar.stage(what),
    clear: () => bar.clear(),
    get lines() {
      return lines;
    },
    get errors() {
      return errors;
    },
    async line(text, before) {
      lines++;
      if (stdout.isTTY) bar.clear();
      if (!toStdout(`${text}\n`, before))
        await new Promise((resolve) => stdout.once('drain', resolve));
    },
    error(file, message) {
      errors++;
      this.say(file, message);
    },
    count() {
      errors++;
    },
    say(file, message) {
      this.note(`${file.replaceAll('\n', '\\n')}: ${message}`);
    },
    note(message) {
      bar.clear();
      toStderr(`onlyhashes: ${message}\n`);
    },
    async ask(question) {
      bar.clear();
      const held = bar;
      bar = NO_PROGRESS;
      try {
        return await answerTo(question, signal);
      } finally {
        bar = held;
      }
    },
  };
}

/**
 * A line typed at the terminal after a question.
 * @param isHidden the line is not shown, as for a secret
 * @throws {Failure} if the input ends instead
 */
export async function answerTo(
  question: string,
  signal: AbortSignal,
  { isHidden = false } = {},
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const to = isHidden ? nowhere : stderr;
  const line = createInterface({ input: stdin, output: to, terminal: true, historySize: 0 });
  // While keys are read one by one, the terminal sends no signal for Ctrl-C.
  line.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = once(line, 'close').then(() => {
    throw new Failure('expected an answer, but the input ended');
  });
  if (isHidden) toStderr(question);
  try {
    return await Promise.race([line.question(isHidden ? '' : shown(question), { signal }), closed]);
  } finally {
    line.close();
    if (isHidden) toStderr('\n');
  }
}

/**
 * Writes content that must arrive whole to standard output, unlike results, whose reader may stop
 * early.
 * @throws {Failure} if it cannot be written, or has no reader
 */
export async function writeAll(content: string | Uint8Array): Promise<void> {
  // The program treats a pipe without a reader as no error.
  stdout.removeAllListeners('error');
  const error = await new Promise<Error | null | undefined>((resolve) => {
    stdout.on('error', resolve);
    stdout.write(stdout.isTTY && typeof content === 'string' ? shown(content) : content, resolve);
  });
  if (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(`standard output: ${code}: not everything was written`);
  }
}

/** The exit code: 2 after any error, else 0 if anything was found or done, else 1. */
export const exitCode = ({ errors, lines }: Output, found = lines): number =>
  errors > 0 ? 2 : found > 0 ? 0 : 1;

/** A count and what is counted: `1 entry`, `2 entries`. */
export const counted = (count: number, one: string, many = `${one}s`) =>
  `${count} ${count === 1 ? one : many}`;

/** The progress line of long work. It is drawn only if standard error is a terminal. */
export interface Progress {
  /**
   * @param done 0 when the work begins
   * @param total if known
   */
  update(done: number, total?: number): void;
  /** shows the current step if there is nothing to count */
  stage(what: string): void;
  /** clears the line before other text is printed */
  clear(): void;
}

const NO_PROGRESS: Progress = { update() {}, stage() {}, clear() {} };

/** Clears the line of a terminal. */
export const CLEAR = '\r\x1b[2K';

/** Time between two redraws. A terminal is slow, and a person reads no faster. */
const REDRAW_MILLISECONDS = 100;

/**
 * The progress of `what`, e.g. `hashing`: the amount done, the rate and, if the total is known, the
 * time left.
 * @param unit of the amounts, after a space, e.g. ` MB`
 */
export function progress(what: string, unit = ''): Progress {
  if (!stderr.isTTY) return NO_PROGRESS;
  let start = performance.now();
  let drawn = start;
  let isDrawn = false;
  const draw = (text: string) => {
    toStderr(text, CLEAR);
    isDrawn = true;
  };
  return {
    update(done, total) {
      const now = performance.now();
      if (done === 0) start = now;
      if (done === 0 || now - drawn < REDRAW_MILLISECONDS) return;
      drawn = now;
      const perSecond = (1000 * done) / (now - start);
      const of = total === undefined ? '' : ` of ${total}`;
      const rate = `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}${unit}/s`;
      const left = total === undefined ? '' : `, ${timeOf((total - done) / perSecond)} left`;
      draw(`${what}: ${done}${of}${unit}, ${rate}${left}`);
    },
    stage: draw,
    clear() {
      if (isDrawn) toStderr('', CLEAR);
      isDrawn = false;
    },
  };
}

/**
 * A time in everyday units: `8 s`, `12 min`, `3 h`.
 * @param decimals of a time under ten seconds; without any, a started second counts as one
 */
export function timeOf(seconds: number, decimals = 0): string {
  if (decimals > 0 && seconds < 9.95) return `${seconds.toFixed(decimals)} s`;
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  const minutes = seconds / 60;
  return minutes < 100 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 60)} h`;
}
