import { expect, test } from 'vitest';
import type { Option } from '../../src/door.js';
import { MARK } from './argument.js';
import { BROWSER_DOORS } from './browser.js';
import { CORE_DOORS, CORE_METHODS } from './core.js';
import { type Door, type Doors, ENTRIES } from './exam.js';
import { NODE_DOORS, NODE_METHODS, picture } from './node.js';
import { SERVER_DOORS, server } from './server.js';
import { SERVICES_DOORS, SERVICES_METHODS, TESTING_DOORS } from './services.js';
import { STORE_METHODS } from './store.js';
import { gridOf, rowsOf, type TableArgument } from './table.js';
import { core, HEX, LIST, node, POOL } from './values.js';

const SERVICE = { blocklist: LIST, pool: POOL };
const TOKEN = { name: 'a', hash: HEX, role: 'match' };

/** The rows of each entry. */
const DOORS: Readonly<Record<string, Doors>> = {
  index: CORE_DOORS,
  services: SERVICES_DOORS,
  testing: TESTING_DOORS,
  node: NODE_DOORS,
  server: SERVER_DOORS,
  browser: BROWSER_DOORS,
};

/** The rows of the methods of returned objects. */
const METHODS = { ...SERVICES_METHODS, ...CORE_METHODS, ...NODE_METHODS, ...STORE_METHODS };

test('every entry has its rows', () => {
  expect(Object.keys(DOORS).sort()).toEqual([...ENTRIES].sort());
});

const nameOfEntry = (entry: string) => (entry === 'index' ? 'onlyhashes' : `onlyhashes/${entry}`);

/** The calls that have a table, by entry, and the methods of what they return. */
const TABLES = [
  ...Object.entries(DOORS).flatMap(([entry, doors]) => tablesIn(nameOfEntry(entry), doors)),
  ...Object.entries(METHODS).flatMap(([name, { doors }]) => tablesIn(name, doors)),
];

function tablesIn(of: string, doors: Readonly<Record<string, Door | string>>) {
  return Object.entries(doors).flatMap(([name, door]) =>
    (typeof door === 'string' ? [] : door)
      .filter((argument) => 'table' in argument)
      .map((argument) => ({ of, name, table: (argument as TableArgument).table })),
  );
}

test.each(TABLES)('$of: $name accepts the defaults and the bounds of its options', ({ table }) => {
  for (const [name, option] of Object.entries(table as Record<string, Option>)) {
    const { is, least, most, of = [], default: byDefault } = option;
    const bounds = is.name === 'texts' ? [] : [least, most];
    const values = [byDefault, ...bounds, ...(is.name === 'choice' ? of : [])];
    for (const value of values.filter((one) => one !== undefined)) {
      expect(() => is(name, value, option, {}), name).not.toThrow();
    }
  }
  expect(Object.keys(table)).not.toEqual([]);
});

test('docs/options.md shows the tables', async () => {
  const groups = [...new Set(TABLES.map(({ of }) => of))];
  const parts = groups.flatMap((group) => {
    const named = new Map<string, string[]>();
    for (const { name, table } of TABLES.filter(({ of }) => of === group)) {
      const grid = gridOf(rowsOf(table));
      named.set(grid, [...(named.get(grid) ?? []), name]);
    }
    return [
      `## ${group}`,
      ...[...named].flatMap(([grid, names]) => [`### ${names.join(', ')}`, grid]),
    ];
  });
  const page = [...INTRODUCTION, ...parts].join('\n\n');
  await expect(`${page}\n`).toMatchFileSnapshot('../../docs/options.md');
});

const INTRODUCTION = [
  '# Options',
  'The options of each function: the values that they take, and the default. The code checks options by\n' +
    'the tables from which this page is written, and refuses a name that is not in them. The API reference\n' +
    'says what each option does.',
];

test.each([
  ['createHashPool', () => node.createHashPool({ timeoutsSeconds: 3 } as never), 'timeoutSeconds'],
  [
    'createSearchThreads',
    () => node.createSearchThreads(LIST as never, { worker: 1 } as never),
    'workers',
  ],
  ['createFloodGuard', () => core.createFloodGuard({ onalarm: MARK } as never), 'onAlarm'],
  ['hash', () => POOL.hash(picture, { decodings: 'draft' } as never), 'decoding'],
  ['check', () => POOL.check(picture, LIST, { remotes: [] } as never), 'remote'],
  ['check', () => node.check(picture, LIST, { timeoutsSeconds: 3 } as never), 'timeoutSeconds'],
  [
    'createService',
    () => server.createService({ ...SERVICE, includeHash: true } as never),
    'includeHashes',
  ],
  [
    'a nested option',
    () => server.createService({ ...SERVICE, scan: { onErrors: 'accept' } } as never),
    'onError',
  ],
  [
    'a token',
    () => {
      const tokens = [{ ...TOKEN, answerPerDay: 1 }];
      return server.createService({ ...SERVICE, tokens } as never);
    },
    'answersPerDay',
  ],
  ['openStore', () => server.openStore({ dataDir: undefined }, { band: true } as never), 'bands'],
  ['a place', () => server.openStore({ dataDIR: MARK, url: MARK } as never), 'dataDir'],
] as const)(
  '%s refuses a misspelt option by its name, and names the nearest',
  async (_, call, nearest) => {
    const error = await (async () => call())().catch((each: unknown) => each);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(new RegExp(`unknown option \\w+: did you mean ${nearest}\\?$`));
    expect(String(error)).not.toContain(MARK);
  },
);

test.each([
  ['colour', undefined],
  ['timeout', undefined],
  ['worker', 'workers'],
  ['maxQuued', 'maxQueued'],
  // 5 of 16 letters differ, and 6
  ['maxBytesInQQQQQt', 'maxBytesInFlight'],
  ['maxBytesIQQQQQQt', undefined],
] as const)('a known option is named only if it may be meant: %s', (name, nearest) => {
  const hint = nearest ? `: did you mean ${nearest}?` : '';
  expect(() => node.createHashPool({ [name]: 1 })).toThrow(
    new TypeError(`unknown option ${name}${hint}`),
  );
});

test.each([
  ['HashPool', () => node.createHashPool({ workers: 1 })],
  ['SearchThreads', () => node.createSearchThreads(core.createBlocklist([]))],
] as const)('%s takes no options to close', async (_, open) => {
  const pool = open() as { close(options?: unknown): Promise<void> };
  await expect(pool.close({ timeout: 3 })).rejects.toThrow(/^unknown option timeout$/);
  await expect(pool.close(3)).rejects.toThrow('expected options to be an object');
  await pool.close();
});

test('a name that is not a short identifier is not quoted; an option in the address is reported', async () => {
  for (const name of [MARK, 'a'.repeat(41), 'cat.jpg', '']) {
    expect(() => node.createHashPool({ [name]: 1 })).toThrow(/^unknown option$/);
  }
  const misplaced = server.openStore({ dataDir: undefined, bands: true } as never);
  await expect(misplaced).rejects.toThrow('in the options');
});
