import type { Option, OptionTable } from '../../src/door.js';
import {
  type Argument,
  callback,
  flag,
  type Mistake,
  member,
  members,
  text,
  words,
} from './argument.js';

/** An argument that is made of a table of options. */
export interface TableArgument extends Argument {
  readonly table: OptionTable<object>;
}

/** Valid values of the kinds that are a room's own, by the name of the function that checks them. */
export type Goods = Readonly<Record<string, Argument>>;

/**
 * The row of options: every kind, bound and name in their table is tried.
 * @param how `given`: options that have to be there, though the table does not require each of
 *   them; `rows`: rows of options that say more than their kind
 */
export function rowOf(
  table: OptionTable<object>,
  goods: Goods,
  { given = {}, rows = {} }: { given?: object; rows?: Goods } = {},
): TableArgument {
  const of = Object.entries(table as Record<string, Option>).map(
    ([name, option]) => [name, argumentOf(option, goods, rows[name])] as const,
  );
  const required = of.filter(([, one]) => !one.fits?.includes('undefined'));
  return {
    table,
    good: { ...Object.fromEntries(required.map(([name, one]) => [name, one.good])), ...given },
    members: Object.fromEntries(of),
    fits: required.length + Object.keys(given).length > 0 ? [] : ['undefined', '{}', 'hostile'],
  };
}

function argumentOf(option: Option, goods: Goods, one = ofKind(option, goods)): Argument {
  return option.required ? one : { ...one, fits: [...(one.fits ?? []), 'undefined'] };
}

function ofKind(option: Option, goods: Goods): Argument {
  const { is, least = 0, most = Infinity, of = [], default: byDefault, options = {} } = option;
  switch (is.name) {
    case 'boolean':
      return flag;
    case 'callback':
      return callback;
    case 'text':
      return text;
    case 'texts':
      return least > 0 ? { ...words, fits: ['[text]'] } : words;
    case 'choice':
      return {
        ...member(of[0], ...(of.includes(true) ? (['true'] as const) : [])),
        wrong: { 'another choice': 'no-such-choice' },
      };
    case 'iterable':
      return member([], ...LISTS);
    case 'object':
      return member(Object.fromEntries((option.methods ?? []).map((method) => [method, () => {}])));
    case 'nested':
      return rowOf(options, goods);
    case 'integer':
    case 'number':
    case 'positive': {
      const good = typeof byDefault === 'number' ? byDefault : Math.max(least, 1);
      const fits = NUMBERS.filter(
        ({ value }) =>
          value >= least && value <= most && !(is.name === 'integer' && !Number.isInteger(value)),
      );
      const outside = {
        ...(is.name === 'positive' ? { 'not above 0': 0 } : { 'below the least': least - 1 }),
        ...(most < Infinity && { 'above the most': most + 1 }),
      };
      return { ...member(good, ...fits.map(({ name }) => name)), wrong: outside };
    }
    default: {
      if (option.options) {
        const row = rowOf(options, goods);
        return members([row.good], { 0: row }, '[]');
      }
      const known = goods[is.name];
      if (known === undefined) throw new Error(`${is.name} has no valid value here`);
      return known;
    }
  }
}

const LISTS: readonly Mistake[] = ['[]', 'map'];
const NUMBERS: readonly { readonly name: Mistake; readonly value: number }[] = [
  { name: '-2', value: -2 },
  { name: '7.5', value: 7.5 },
];

/** How docs/options.md says what an option may be. */
function kindOf(name: string, { is, least, most, of = [], methods = [] }: Option): string {
  const from = shown(name, least ?? 0);
  const range = most === undefined ? ` from ${from}` : ` ${from} … ${shown(name, most)}`;
  switch (is.name) {
    case 'boolean':
      return '`true` or `false`';
    case 'callback':
      return 'a function';
    case 'text':
      return 'a string';
    case 'texts':
      return least ? `a list of ${least} or more strings` : 'a list of strings';
    case 'choice':
      return of.map((one) => `\`${one}\``).join(', ');
    case 'iterable':
      return 'an iterable';
    case 'object':
      return `has ${methods.map((one) => `\`${one}\``).join(', ')}`;
    case 'integer':
      return `an integer${range}`;
    case 'number':
      return `a number${range}`;
    case 'positive':
      return `a number above 0${most === undefined ? '' : `, at most ${shown(name, most)}`}`;
    case 'abortSignal':
      return 'an `AbortSignal`';
    default:
      return WORDS[is.name] ?? missing(is.name);
  }
}

function missing(kind: string): never {
  throw new Error(`WORDS in test/doors/table.ts has no words for ${kind}`);
}

/** What the kinds of single rooms are, in words. */
const WORDS: Readonly<Record<string, string>> = {
  byName: 'settings by name',
  cidr: 'a network or an address',
  creation: '`true`, `false` or a blocklist',
  follower: 'of `Store.follow`',
  hashOfToken: 'of `tokenHash`',
  header: 'the name of a header',
  hosts: 'a list of hosts',
  hostNames: 'a list of names',
  key: '32 bytes',
  network: 'a network or an address',
  networks: 'a list of networks',
  origin: 'an origin',
  outcomes: 'outcomes by action',
  byList: 'labels by list',
  digests: 'a list of digests',
  rsaPublicKey: 'an RSA key as PEM',
  ruleName: 'a name',
  tokenHashes: 'a list of those of `tokenHash`',
  address: 'a string or a URL',
  algorithms: 'an algorithm, or several',
  allowList: 'of `createAllowList`',
  bits: '64 or 256',
  blocklist: 'a blocklist',
  byAlgorithm: 'thresholds by algorithm',
  bytesHeld: 'an integer from `maxBytes`',
  checkResample: '`512` or `none`',
  enabled: '`true`',
  framesASecond: '`every`, or a number above 0, at most 1000',
  floodGuard: 'of `createFloodGuard`',
  guardState: 'of its `toJSON`',
  hash: 'a hash',
  hashPool: 'of `createHashPool`',
  listName: 'a name of up to 200 characters',
  pixels: 'pixels',
  policy: 'changes to the policy',
  remoteLists: 'a list of those of `createRemoteList`',
  sendsHashes: '`true`',
  unnamedAlgorithm: 'an algorithm, or one of each width',
};

/** Sizes in memory as people say them. */
function shown(name: string, value: number): string {
  for (const [unit, size] of UNITS) {
    if (/bytes|memory/i.test(name) && value >= size && value % size === 0)
      return `${value / size} ${unit}`;
  }
  return value.toLocaleString('en');
}

const UNITS = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
] as const;

/** Defaults that the machine gives, in words. */
const OF_THE_MACHINE: Readonly<Record<string, string>> = {
  lookup: "the system's",
  now: 'the clock',
  workers: 'the cores',
  concurrency: 'one more than the cores',
};

function defaultOf(name: string, { default: byDefault, required, is }: Option): string {
  if (required) return 'required';
  if (byDefault !== undefined && name in OF_THE_MACHINE) return OF_THE_MACHINE[name]!;
  if (byDefault === undefined) return '';
  if (typeof byDefault === 'number' && is.name !== 'checkResample') return shown(name, byDefault);
  return Array.isArray(byDefault)
    ? byDefault.map((one) => `\`${one}\``).join(', ') || 'none'
    : typeof byDefault === 'object'
      ? 'none'
      : `\`${byDefault === '' ? "''" : byDefault}\``;
}

/** The rows of an option in docs/options.md, with those of its own options. */
export function rowsOf(table: OptionTable<object>, above = ''): string[][] {
  return Object.entries(table as Record<string, Option>).flatMap(([name, option]) => {
    const path = `${above}${name}`;
    const member = option.is.name === 'nested' ? `${path}.` : `${path}[].`;
    return option.options
      ? rowsOf(option.options, member)
      : [[`\`${path}\``, kindOf(name, option), defaultOf(name, option)]];
  });
}

/** A table of Markdown, its columns filled up. */
export function gridOf(rows: readonly (readonly string[])[]): string {
  const all = [['option', 'value', 'default'], ...rows];
  const widths = all[0]!.map((_, at) => Math.max(...all.map((row) => row[at]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  const dashes = line(widths.map((width) => '-'.repeat(width)));
  return [line(all[0]!), dashes, ...all.slice(1).map(line)].join('\n');
}
