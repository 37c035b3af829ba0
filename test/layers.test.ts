import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../src');

interface Room {
  readonly layer: number;
  readonly does: string;
  /** the file that teaches it */
  readonly begin: string;
  /** the rooms that it may import */
  readonly may: readonly string[];
  /**
   * the files that other rooms may import; `each`: every file of it.
   * An entry, `index.ts`, is for the program, the page and users alone
   */
  readonly doors: readonly string[] | 'each';
}

const PURE = ['root', 'kernels', 'formats', 'hashing', 'indexing', 'text', 'bundle'];
const BELOW_5 = [
  ...PURE,
  ...['variants', 'blocklist', 'services', 'matching', 'picture', 'review', 'video'],
];

/**
 * The rooms, which `docs/architecture.md` shows: `npx vitest run test/layers.test.ts -u` writes its
 * table. Arrows only point to a smaller layer.
 */
const ROOMS: Readonly<Record<string, Room>> = {
  root: {
    layer: 0,
    does: 'the basic terms: errors, pixels, hashes, variants, entries, policy',
    begin: 'hash.ts',
    may: [],
    doors: 'each',
  },
  kernels: {
    layer: 0,
    does: 'hot loops over typed arrays',
    begin: 'pdq/box-filter.ts',
    may: [],
    doors: 'each',
  },
  formats: {
    layer: 1,
    does: 'the header of a picture file, before it is decoded',
    begin: 'read-header.ts',
    may: ['root', 'kernels'],
    doors: [
      'read-header.ts',
      'frame-file.ts',
      'image-format.ts',
      'picture-magic.ts',
      'png-rows.ts',
      'video-format.ts',
    ],
  },
  hashing: {
    layer: 1,
    does: 'pixels to a hash, one algorithm per file',
    begin: 'pdq.ts',
    may: ['root', 'kernels'],
    doors: 'each',
  },
  indexing: {
    layer: 1,
    does: 'exact search by Hamming distance',
    begin: 'mih.ts',
    may: ['root', 'kernels'],
    doors: ['create-index.ts', 'compaction.ts', 'part-search.ts', 'snapshot.ts'],
  },
  text: {
    layer: 1,
    does: 'lists as text, one format per file',
    begin: 'hash-list.ts',
    may: ['root'],
    doors: 'each',
  },
  bundle: {
    layer: 1,
    does: 'the file of hashes that a person shares, and its withdrawal',
    begin: 'bundle.ts',
    may: ['root', 'kernels'],
    doors: ['bundle.ts', 'bundle-shape.ts', 'read-bundle.ts', 'withdrawal.ts'],
  },
  variants: {
    layer: 2,
    does: 'parts and forms of a picture that a copy may show',
    begin: 'thorough.ts',
    may: ['root', 'kernels', 'hashing'],
    doors: ['forms.ts', 'further-variants.ts', 'hash-pixels.ts', 'variant-profile.ts', 'view.ts'],
  },
  blocklist: {
    layer: 2,
    does: 'a list that changes, behind one reference, and its bytes',
    begin: 'blocklist.ts',
    may: ['root', 'indexing'],
    doors: ['blocklist.ts', 'list-state.ts', 'records/list-bytes.ts', 'withdrawn.ts'],
  },
  services: {
    layer: 2,
    does: 'services that share lists, one per folder: format, client, fake',
    begin: 'list-update.ts',
    may: ['root', 'text'],
    doors: [
      'list-update.ts',
      'pending-removals.ts',
      'list-fetch.ts',
      'ncmec/client.ts',
      'ncmec/format.ts',
      'service-error.ts',
      'stop-ncii/client.ts',
      'stop-ncii/format.ts',
      'stop-ncii/serve.ts',
    ],
  },
  matching: {
    layer: 3,
    does: 'variants, lists and a policy to a decision',
    begin: 'match.ts',
    may: ['root', 'indexing', 'blocklist', 'variants'],
    doors: [
      'match.ts',
      'allow-list.ts',
      'decision-json.ts',
      'decision-schema.ts',
      'decision.ts',
      'explain.ts',
      'video/frame-hits.ts',
      'video/shared-frames.ts',
    ],
  },
  picture: {
    layer: 3,
    does: 'a decoded picture to its hashes',
    begin: 'hash-picture.ts',
    may: ['root', 'kernels', 'formats', 'hashing', 'variants'],
    doors: ['hash-picture.ts', 'canvas.ts', 'frames.ts', 'options.ts', 'pool.ts', 'waiting.ts'],
  },
  review: {
    layer: 4,
    does: 'decisions of people, and feedback to services',
    begin: 'review-record.ts',
    may: ['root', 'blocklist', 'matching', 'services'],
    doors: ['review-record.ts', 'feedback-item.ts', 'review-answers.ts', 'review-retention.ts'],
  },
  disk: {
    layer: 4,
    does: 'files that survive a kill intact',
    begin: 'replace-file.ts',
    may: ['root'],
    doors: ['replace-file.ts', 'writer-lock.ts'],
  },
  video: {
    layer: 4,
    does: 'frames of a video to a decision, on one line of time',
    begin: 'video.ts',
    may: [
      ...['root', 'hashing', 'indexing', 'text', 'variants', 'blocklist', 'matching', 'picture'],
    ],
    doors: ['video.ts', 'features.ts'],
  },
  node: {
    layer: 5,
    does: 'pictures and lists in files, processes and threads',
    begin: 'hash-file.ts',
    may: [...BELOW_5, 'disk'],
    doors: [
      'files/fetch-list.ts',
      'pool/create-hash-pool.ts',
      'pace.ts',
      'digest-file.ts',
      'read-bytes.ts',
      'report/hash-outline.ts',
      'report/match-report.ts',
      'report/time-line.ts',
      'video/hash-video.ts',
    ],
  },
  browser: {
    layer: 5,
    does: 'pictures in a browser',
    begin: 'hash-image-file.ts',
    may: [...PURE, 'variants', 'picture'],
    doors: [],
  },
  store: {
    layer: 5,
    does: 'lists, reviews and feeds in a database',
    begin: 'store.ts',
    may: [...['root', 'indexing', 'blocklist', 'matching', 'review', 'services', 'disk', 'bundle']],
    doors: [
      'store.ts',
      'cases/cases.ts',
      'cases/filed-case.ts',
      'reviews/review-item.ts',
      'sql/store-error.ts',
      'stored-entry.ts',
    ],
  },
  server: {
    layer: 6,
    does: 'HTTP: uploads, curation, the dialects of others',
    begin: 'http/route.ts',
    may: [...BELOW_5, 'node', 'store'],
    doors: [],
  },
  cli: {
    layer: 7,
    does: 'the program, on the entries alone',
    begin: 'main.ts',
    may: [],
    doors: [],
  },
  page: { layer: 7, does: 'the page, on the entries alone', begin: 'page.ts', may: [], doors: [] },
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
  'remote-matcher.ts',
];
const MOST_FILES = 15;
const MOST_LINES = 400;
const MOST_TEST_LINES = 600;
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

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').length - 1;
const roomOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : 'root');
const isEntry = (file: string) =>
  /^([a-z]+\/)?index\.ts$/.test(file) || ['services/testing.ts', 'page/serve.ts'].includes(file);

test('the table itself only points downwards', () => {
  for (const [room, { layer, may }] of Object.entries(ROOMS)) {
    for (const other of may) expect(ROOMS[other]!.layer, `${room} -> ${other}`).toBeLessThan(layer);
  }
});

test(`no file of test has more than ${MOST_TEST_LINES} lines`, () => {
  const paths = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const long = paths
    .filter((path) => path.endsWith('.ts'))
    .filter((path) => linesOf(join(import.meta.dirname, path)) > MOST_TEST_LINES);
  expect(long).toEqual([]);
});

test('every file is in a room, under a specific name', () => {
  expect(files.filter((file) => !(roomOf(file) in ROOMS))).toEqual([]);
  expect(files.filter((file) => DRAWERS.test(file))).toEqual([]);
});

test('rooms import only what the table allows, by the doors', () => {
  const wrong: string[] = [];
  /** Doors that somebody uses. */
  const used = new Set<string>();
  for (const file of files) {
    const room = roomOf(file);
    for (const target of importsOf(file)) {
      const targetRoom = roomOf(target);
      const arrow = `${file} -> ${target}`;
      if (target.startsWith('..')) {
        wrong.push(`${arrow}: outside src`);
      } else if (room === 'cli' || room === 'page') {
        if (targetRoom !== room && !isEntry(target)) wrong.push(`${arrow}: not an entry`);
      } else if (isEntry(target)) {
        wrong.push(`${arrow}: import the file that owns the thing`);
      } else if (room === 'root' && targetRoom === 'root') {
        const [own, other] = [file, target].map((name) => ROOT_ORDER.indexOf(name));
        if (file !== 'index.ts' && other! >= own!) wrong.push(arrow);
      } else if (targetRoom !== room && !isEntry(file)) {
        if (!ROOMS[room]!.may.includes(targetRoom)) wrong.push(arrow);
        const { doors } = ROOMS[targetRoom]!;
        used.add(target);
        if (doors !== 'each' && !doors.includes(target.slice(targetRoom.length + 1))) {
          wrong.push(`${arrow}: no door`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
  const unused = Object.entries(ROOMS).flatMap(([room, { doors }]) =>
    doors === 'each'
      ? []
      : doors.map((door) => `${room}/${door}`).filter((door) => !used.has(door)),
  );
  expect(unused).toEqual([]);
});

test('no folder has too many files, and no file too many lines', () => {
  const folders = new Map<string, number>();
  const all = readdirSync(SRC, { recursive: true, withFileTypes: true });
  for (const entry of all) {
    if (entry.isFile()) folders.set(entry.parentPath, (folders.get(entry.parentPath) ?? 0) + 1);
  }
  expect([...folders].filter(([, count]) => count > MOST_FILES)).toEqual([]);
  expect(files.filter((file) => linesOf(join(SRC, file)) > MOST_LINES)).toEqual([]);
});

test('docs/architecture.md shows this table', async () => {
  const path = join(SRC, '../docs/architecture.md');
  const page = readFileSync(path, 'utf8');
  const rows = Object.entries(ROOMS).map(([room, { layer, does, begin, may, doors }]) => [
    String(layer),
    room === 'root' ? 'root files' : `\`${room}\``,
    does,
    `\`${begin}\``,
    room === 'root'
      ? 'root files before them'
      : room === 'cli' || room === 'page'
        ? 'entries'
        : may.join(', ') || 'nothing',
    doors === 'each' ? 'each file' : doors.map((door) => `\`${door}\``).join(', ') || 'none',
  ]);
  rows.unshift(['layer', 'room', 'does', 'begin with', 'may import', 'doors']);
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  const dashes = line(widths.map((width) => '-'.repeat(width)));
  const table = [line(rows[0]!), dashes, ...rows.slice(1).map(line)].join('\n');
  const [before, , after] = page.split(/(\n\| layer .*?\|\n)(?=\n)/s);
  await expect(`${before}\n${table}\n${after}`).toMatchFileSnapshot(path);
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

test('no benchmark imports a test: benchmarks are in dist, and the test would be, too', () => {
  const bench = join(SRC, '../bench');
  const benches = readdirSync(bench, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(benches.length).toBeGreaterThan(20);
  const imports = /\b(?:from|import)\s*\(?\s*'(?:\.\.\/)+test\//;
  const wrong = benches.filter((file) => imports.test(readFileSync(join(bench, file), 'utf8')));
  expect(wrong).toEqual([]);
});
