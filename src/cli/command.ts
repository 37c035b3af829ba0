import { parseArgs } from 'node:util';
import { didYouMean } from './did-you-mean.js';
import { UsageError } from './failure.js';
import type { Output } from './output.js';

/** One option of a command. It takes one of `choices`, or any `value`; otherwise it is a switch. */
export interface Option {
  readonly about: string;
  /** placeholder of the value in the help, e.g. `LIST` */
  readonly value?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  /** least and greatest value; values are whole numbers */
  readonly range?: readonly [number, number];
  readonly default?: string;
  /**
   * other options that this one needs: `[]` if the option must be given, or the accepted values if
   * it has one
   */
  readonly needs?: Readonly<Record<string, readonly string[]>>;
  /** first words that allow the option; default all */
  readonly actions?: readonly string[];
}

/** The arguments of a command. */
export interface Call {
  /** files and all other words that are not options, in their order */
  readonly words: readonly string[];
  /** the option's value, its default, or undefined */
  text(name: string): string | undefined;
  /** the value of an option that has a range and a default */
  number(name: string): number;
  on(name: string): boolean;
}

/** One command of the program. */
export interface Command {
  readonly name: string;
  /** the words after the name, e.g. `FILE…`; alternatives are separated by ` | ` */
  readonly usage: string;
  /** the first line is its line in the list of commands */
  readonly about: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly (readonly [command: string, about: string])[];
  readonly minWords: number;
  /** default any number */
  readonly maxWords?: number;
  /** a signal ends it at once: its loops are too long for a handler to run */
  readonly endsAtOnce?: boolean;
  /** seconds that it may take to end after a signal; default 1 */
  readonly graceSeconds?: number;
  /** Resolves to the exit code; undefined: the one that its lines and errors imply. */
  run(call: Call, out: Output): Promise<number | undefined>;
}

/**
 * Reads the words after a command's name.
 * @throws {UsageError} if an option is unknown, given twice or without effect, if its value is
 *   missing, not among its choices or out of range, or if there are too few or too many words
 */
export function readCall(command: Command, argv: readonly string[]): Call {
  const known = Object.entries(command.options);
  const parse = (strict: boolean) =>
    parseArgs({
      args: [...argv],
      strict,
      allowPositionals: true,
      tokens: true,
      options: Object.fromEntries(
        known.map(([name, { value, choices, short }]) => [
          name,
          { type: value || choices ? 'string' : 'boolean', ...(short ? { short } : {}) } as const,
        ]),
      ),
    });
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(true);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw new UsageError(message);
    const wrong = parse(false).tokens.find(
      (token) => token.kind === 'option' && !Object.hasOwn(command.options, token.name),
    );
    throw unknownOption(argv[wrong!.index]!, command);
  }
  const { values, positionals: words, tokens } = parsed;
  const given = tokens.flatMap((token) => (token.kind === 'option' ? token.name : []));
  const twice = given.find((name, at) => given.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(`--${twice}: expected once, given twice`);
  for (const [name, { choices, range }] of known) {
    const value = values[name];
    if (typeof value !== 'string') continue;
    if (value === '') throw new UsageError(`--${name}: expected a value`);
    if (choices && !choices.includes(value)) {
      throw new UsageError(`--${name}: expected ${choices.join(' or ')}, got ${value}`);
    }
    if (range && !(/^\d+$/.test(value) && +value >= range[0] && +value <= range[1])) {
      throw new UsageError(
        `--${name}: expected a whole number from ${range[0]} to ${range[1]}, got ${value}`,
      );
    }
  }
  const { minWords, maxWords = Number.POSITIVE_INFINITY } = command;
  const actions = actionsOf(command.usage);
  const [first] = words;
  if (actions.length > 0 && first !== undefined && !actions.includes(first)) {
    throw new UsageError(`expected ${command.usage}, got ${first}${didYouMean(first, actions)}`);
  }
  if (words.length > maxWords) {
    const expected = maxWords === 0 ? 'options only' : command.usage;
    throw new UsageError(`expected ${expected}, not ${words[maxWords]}`);
  }
  if (words.length < minWords) throw new UsageError(`expected ${command.usage}`);
  const text = (name: string) => {
    const value = values[name] ?? command.options[name]?.default;
    return typeof value === 'string' ? value : undefined;
  };
  for (const name of given) {
    const { needs = {}, actions } = command.options[name]!;
    for (const [other, allowed] of Object.entries(needs)) {
      const value = text(other);
      const met =
        allowed.length === 0
          ? values[other] !== undefined
          : value === undefined || allowed.includes(value);
      if (!met)
        throw new UsageError(
          `--${name}: only with --${[other, allowed.join(' or ')].join(' ').trim()}`,
        );
    }
    if (actions && !actions.includes(words[0]!)) {
      throw new UsageError(`--${name}: only with ${actions.join(' or ')}`);
    }
  }
  return { words, text, number: (name) => Number(text(name)), on: (name) => values[name] === true };
}

/** The first words that a usage allows, e.g. `create`; none if it begins with files. */
function actionsOf(usage: string): string[] {
  const firsts = usage.split(' | ').map((words) => words.split(' ')[0]!);
  return firsts.every((word) => /^[a-z]+$/.test(word)) ? firsts : [];
}

/** @param word as typed, perhaps with a value */
function unknownOption(word: string, { options }: Command): UsageError {
  const [typed] = word.split('=', 1) as [string];
  const names = Object.entries(options).flatMap(([name, { short }]) =>
    short ? [`--${name}`, `-${short}`] : `--${name}`,
  );
  const nearest = didYouMean(typed, [...names, '--help']);
  const file = '. A file of that name follows `--`';
  return new UsageError(`Unknown option '${typed}'${nearest || file}`);
}

/** The width of the help, and of its left column, which has the options. */
const WIDTH = 80;
const LEFT_WIDTH = 30;

/** The help text of one command. */
export function helpOf({ name, usage, about, options, examples }: Command): string {
  const rows = Object.entries(options).map(([option, { about: text, value, short, ...bounds }]) => {
    const stand = value ?? bounds.choices?.join('|');
    const left = `  ${short ? `-${short}, ` : ''}--${option}${stand ? ` ${stand}` : ''}`;
    const right = bounds.default === undefined ? text : `${text} (default ${bounds.default})`;
    return twoColumns(left, right, LEFT_WIDTH);
  });
  return [
    ...usage.split(' | ').map((words) => `onlyhashes ${name} ${words}`.trim()),
    '',
    ...about.split('\n').flatMap((line) => wrapped(line, WIDTH)),
    ...(rows.length ? ['', 'Options', ...rows] : []),
    '',
    'Examples',
    ...examples.map(([line, text]) => `  ${line}\n      ${text}`),
  ].join('\n');
}

/** `left` in a column of `width`, and `right` beside it, or below if `left` is too long. */
export function twoColumns(left: string, right: string, width: number): string {
  const lines = wrapped(right, WIDTH - width).map((line) => ' '.repeat(width) + line);
  if (left.length < width) lines[0] = left.padEnd(width) + lines[0]!.trimStart();
  else lines.unshift(left);
  return lines.join('\n');
}

/** Lines of at most `width` characters, cut at spaces. */
function wrapped(text: string, width: number): string[] {
  const lines = text.match(new RegExp(`(?:.{1,${width}}|\\S+)(?: |$)`, 'g')) ?? [''];
  return lines.map((line) => line.trimEnd());
}
