import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../src');

/**
 * The rooms: each with its layer and the rooms it may import. Arrows only point to a smaller layer.
 */
const ROOMS: Record<string, { layer: number; may: string[] }> = {
  kernels: { layer: 0, may: [] },
  root: { layer: 0, may: [] },
  formats: { layer: 1, may: ['root', 'kernels'] },
  hashing: { layer: 1, may: ['root', 'kernels'] },
  indexing: { layer: 1, may: ['root', 'kernels'] },
  exchange: { layer: 1, may: ['root'] },
  submission: { layer: 1, may: ['root'] },
  variants: { layer: 2, may: ['root', 'kernels', 'hashing'] },
  blocklist: { layer: 2, may: ['root', 'indexing'] },
  matching: { layer: 3, may: ['root', 'indexing', 'exchange', 'blocklist'] },
  picture: { layer: 3, may: ['root', 'kernels', 'formats', 'hashing', 'variants'] },
  disk: { layer: 4, may: ['root'] },
  node: {
    layer: 5,
    may: [
      'root',
      'disk',
      'kernels',
      'formats',
      'hashing',
      'indexing',
      'exchange',
      'submission',
      'variants',
      'blocklist',
      'matching',
      'picture',
    ],
  },
  browser: {
    layer: 5,
    may: ['root', 'kernels', 'formats', 'hashing', 'indexing', 'submission', 'variants', 'picture'],
  },
  store: { layer: 5, may: ['root', 'disk', 'exchange', 'blocklist', 'matching'] },
  testing: { layer: 5, may: ['root', 'exchange'] },
  service: {
    layer: 6,
    may: [
      'root',
      'kernels',
      'formats',
      'hashing',
      'indexing',
      'exchange',
      'submission',
      'variants',
      'blocklist',
      'matching',
      'picture',
      'node',
      'store',
    ],
  },
  cli: { layer: 7, may: [] },
  demo: { layer: 7, may: [] },
};
/** Root files import only the ones before them. */
const ROOT_ORDER = [
  'errors.ts',
  'in-turns.ts',
  'door.ts',
  'pixels.ts',
  'hash.ts',
  'packed-words.ts',
  'variant.ts',
  'entry.ts',
  'packed-entries.ts',
  'policy.ts',
];
const DRAWERS = /(^|\/)(utils?|helpers?|common|misc|types|constants)(\.ts|\/)/;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'));

/**
 * The imports of `file` as paths inside src, type-only imports too; bare and `node:` names are left
 * out.
 */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const specifiers = [
    ...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g),
    ...text.matchAll(/\bnew URL\(\s*'(\.[^']+\.ts)'/g),
  ].map((match) => match[1]!);
  return specifiers.map((specifier) =>
    relative(SRC, join(SRC, dirname(file), specifier))
      .split(sep)
      .join('/')
      .replace(/\.js$/, '.ts'),
  );
}

const roomOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : 'root');
const isEntry = (file: string) => file === 'index.ts' || /^[a-z]+\/index\.ts$/.test(file);

test('the table itself only points downwards', () => {
  for (const [room, { layer, may }] of Object.entries(ROOMS)) {
    for (const other of may) expect(ROOMS[other]!.layer, `${room} -> ${other}`).toBeLessThan(layer);
  }
});

test('every file is in a room, under a specific name', () => {
  expect(files.filter((file) => !(roomOf(file) in ROOMS))).toEqual([]);
  expect(files.filter((file) => DRAWERS.test(file))).toEqual([]);
});

test('rooms import only what the table allows', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const room = roomOf(file);
    for (const target of importsOf(file)) {
      const targetRoom = roomOf(target);
      const arrow = `${file} -> ${target}`;
      if (target.startsWith('..')) {
        wrong.push(`${arrow}: outside src`);
      } else if (file === 'index.ts') {
        // The core entry re-exports the vocabulary and the hashes.
        if (targetRoom !== 'root' && targetRoom !== 'hashing') wrong.push(arrow);
      } else if (room === 'cli' || room === 'demo') {
        if (targetRoom !== room && !isEntry(target)) wrong.push(`${arrow}: not an entry`);
      } else if (isEntry(target)) {
        wrong.push(`${arrow}: import the file that owns the thing`);
      } else if (room === 'root' && targetRoom === 'root') {
        if (ROOT_ORDER.indexOf(target) >= ROOT_ORDER.indexOf(file)) wrong.push(arrow);
      } else if (targetRoom !== room && !ROOMS[room]!.may.includes(targetRoom)) {
        wrong.push(arrow);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('only the program itself imports commands', () => {
  const commands = files.filter((file) =>
    /^export const \w+: Command\b/m.test(readFileSync(join(SRC, file), 'utf8')),
  );
  expect(commands.length).toBeGreaterThan(5);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => commands.includes(target) && file !== 'cli/main.ts')
      .map((target) => `${file} -> ${target}`),
  );
  expect(wrong).toEqual([]);
});

test('no bench imports a test: benches are in dist, and so would the test be', () => {
  const bench = join(SRC, '../bench');
  const benches = readdirSync(bench, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(benches.length).toBeGreaterThan(20);
  const imports = /\b(?:from|import)\s*\(?\s*'(?:\.\.\/)+test\//;
  const wrong = benches.filter((file) => imports.test(readFileSync(join(bench, file), 'utf8')));
  expect(wrong).toEqual([]);
});
