import { parseArgs } from 'node:util';
import { UsageError } from './failure.js';

/**
 * One option of a command, with a value out of `choices` or of any kind (`value`); without either
 * it is a switch.
 */
export interface Option {
  readonly about: string;
  /** what the value stands for in the help, e.g. `LIST` */
  readonly value?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  /** the value is a whole number from … to … */
  readonly range?: readonly [number, number];
  readonly default?: string;
  /**
   * refused unless each of these options is given (`[]`), or has one of these values where it has a
   * value at all
   */
  readonly needs?: Readonly<Record<string, readonly string[]>>;
  /** refused unless the first word is one of these */
  readonly actions?: readonly string[];
}

/** What a command was called with: options by name, files and other words in their order. */
export interface Call {
  readonly words: readonly string[];
  /** the option's value, its default, or undefined */
  text(name: string): string | undefined;
  /** a whole number within the option's range */
  number(name: string): number;
  on(name: string): boolean;
}

/** One command of the program. */
export interface Command {
  readonly name: string;
  /** the words after the name, e.g. `FILE…` */
  readonly usage: string;
  readonly about: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly (readonly [command: string, about: string])[];
  /** how few words the command needs */
  readonly minWords: number;
  /** default: any number */
  readonly maxWords?: number;
  /**
   * signals keep the system's default action: its loops are too long for a handler to get a turn
   */
  readonly endsAtOnce?: boolean;
  run(call: Call, signal: AbortSignal): Promise<number>;
}

/**
 * Reads the words behind a command's name.
 * @throws {UsageError} for an option that is unknown, given twice or without effect, a value that
 *   is missing or out of its choices or range, and for too few or too many words
 */
export function readCall(command: Command, argv: readonly string[]): Call {
  const known = Object.entries(command.options);
  const parse = () =>
    parseArgs({
      args: [...argv],
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
    parsed = parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
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
  if (maxWords === 0 && words.length > 0) throw new UsageError('expected options only');
  if (words.length < minWords || words.length > maxWords)
    throw new UsageError(`expected ${command.usage}`);
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

/** The help text of one command. */
export function helpOf({ name, usage, about, options, examples }: Command): string {
  const rows = Object.entries(options).map(([option, { about: text, value, short, ...bounds }]) => {
    const stand = bounds.choices ? bounds.choices.join('|') : value;
    const left = `  ${short ? `-${short}, ` : ''}--${option}${stand ? ` ${stand}` : ''}`;
    return [left, bounds.default === undefined ? text : `${text} (${bounds.default})`] as const;
  });
  return [
    `onlyhashes ${name} ${usage}`,
    '',
    about,
    ...(rows.length ? ['', 'Options', ...rows.map((row) => twoColumns(...row))] : []),
    '',
    'Examples',
    ...examples.map(([line, text]) => `  ${line}\n      ${text}`),
  ].join('\n');
}

/** A left column of 34 characters, or a line of its own where it is longer. */
export function twoColumns(left: string, right: string): string {
  return left.length < 34 ? left.padEnd(34) + right : `${left}\n${' '.repeat(34)}${right}`;
}
