import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { clusteredHashes, plant, random, uniformHashes } from '../bench/workloads.js';
import type { BlocklistEntry } from '../src/entry.js';
import {
  type Algorithm,
  ahash,
  type Bits,
  type Blocklist,
  blockhash,
  createBlocklist,
  createBundle,
  createIndex,
  type Decision,
  DecodeError,
  decisionToJSON,
  dhash,
  type HammingIndex,
  type Hash,
  hashFromHex,
  hashPixels,
  hashToHex,
  indexFromBuffer,
  match,
  type PackedHashes,
  pdq,
  pdqDihedral,
  phash,
  policyFor,
  writeHashList,
} from '../src/index.js';
import { indexOf } from '../src/indexing/create-index.js';
import { type HashFileOptions, hash as hashFile, openIndex, saveIndex } from '../src/node/index.js';
import { setWorkerScripts } from '../src/node/pool/start-thread.js';
import { ALL, type Answers, differences, digest, writeRecord } from './answer-record.js';
import { onlyhashes, type RunOptions } from './cli/program.js';
import { testFolder } from './folder.js';
import { withNotes } from './node/notes-of.js';
import { readPnm } from './pictures/pnm.js';
import { ROOT } from './project/package.js';
import { tablesOf } from './services/lists.js';

/**
 * All answers are unchanged: fixtures/answers.json has a digest of each hash, decision, index file
 * and line of CLI output. This test says that something changed, not what is right; other tests do
 * that. It uses only public entries and the built program, so it survives any move of files. Each
 * difference is named.
 *
 *     npm run -s build && RECORD_ANSWERS=1 npx vitest run test/answers.test.ts
 *
 * records all answers again after an intended change; `RECORD_ANSWERS=new` adds those that are not
 * on record yet, such as a new fixture. Pixels depend on the decoders that package-lock.json pins,
 * so another version of sharp or heic-decode is a reason to record again. `ANSWERS=all` asks the
 * slow questions too. Not covered: standard error, `--help`, wording in JSON.
 */

const FIXTURES = join(ROOT, 'fixtures');
const REFERENCE_DATA = process.env.PDQ_REFERENCE_DATA;

// Whole folders and a hundred processes, perhaps on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });
afterAll(writeRecord);

/** How files are hashed. */
const FILE_SETS: Record<string, HashFileOptions> = {
  'thorough + crops': { variants: 'thorough', crops: true },
  'dihedral, none': { variants: 'dihedral', resample: 'none' },
  'exact, stored': { exact: true, orientation: 'stored' },
  'blockhash 256 thorough': { algorithm: 'blockhash', bits: 256, variants: 'thorough' },
  'blockhash 64': { algorithm: 'blockhash', bits: 64 },
  'phash 64 dihedral': { algorithm: 'phash', bits: 64, variants: 'dihedral' },
  'dhash 256': { algorithm: 'dhash', bits: 256 },
  'ahash 64': { algorithm: 'ahash', bits: 64 },
};
/**
 * Sets that are only applied to small pictures, unless `ANSWERS=all`: they take most of the time.
 */
const SLOW = ['dihedral, none', 'blockhash 256 thorough', 'phash 64 dihedral'];

/** No picture times out on a busy machine. */
const PATIENT: HashFileOptions = { timeoutSeconds: 600 };
// Threads run JavaScript, so they need the built worker.
setWorkerScripts(join(ROOT, 'dist'));

const KINDS: readonly (readonly [Algorithm, Bits])[] = [
  ['pdq', 256],
  ['blockhash', 256],
  ['blockhash', 64],
  ['phash', 64],
  ['dhash', 256],
  ['ahash', 64],
];

interface Photo {
  file: string;
  pdq: string;
  quality: number;
}
const photos: Photo[] = JSON.parse(readFileSync(join(FIXTURES, 'photos/expected.json'), 'utf8'));

/** The photos, by the reference's PDQ hashes and by our own hashes of the other algorithms. */
let listed: Promise<BlocklistEntry[]> | undefined;
const photoEntries = () => (listed ??= listPhotos());

async function listPhotos(): Promise<BlocklistEntry[]> {
  const entries: BlocklistEntry[] = photos.map(({ file, pdq: hex, quality }) => ({
    hash: hashFromHex('pdq', hex),
    quality,
    labels: [file],
  }));
  for (const [algorithm, bits] of KINDS.slice(1)) {
    for (const { file } of photos) {
      const { hash } = await hashFile(join(FIXTURES, 'photos', file), { algorithm, bits });
      entries.push({ hash, labels: [file] });
    }
  }
  return entries;
}

/** The files below a folder, by names with slashes, without the ones that describe them. */
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.json'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();

/** What was recorded of a decision. Members of its JSON that are added later are not answers. */
function answerOf(decision: Decision) {
  const { verdict, reason, matches, policy } = decisionToJSON(decision);
  const recorded = matches.map(({ distance, tier, variant, hash, labels, geometry }) => ({
    ...{ distance, tier, variant, hash, labels },
    ...(geometry && { geometry }),
  }));
  return { verdict, reason, matches: recorded, policy };
}

/** The hashes and decisions of one file, for every set. */
async function answersOf(path: string, blocklist: Blocklist, slow: boolean) {
  const bytes = readFileSync(path);
  const sets = Object.entries(FILE_SETS).filter(([name]) => slow || !SLOW.includes(name));
  const answers = sets.map(async ([name, options]) => {
    const image = await hashFile(bytes, { ...options, ...PATIENT }).catch((error: unknown) => {
      if (error instanceof DecodeError) return error;
      throw error;
    });
    const decisions = [false, true].map((all) => answerOf(match(image, blocklist, { all })));
    const hashes = image instanceof DecodeError ? image.code : digest(image);
    return [
      [name, hashes],
      [`${name}: decision`, digest(decisions)],
    ] as const;
  });
  return Object.fromEntries((await Promise.all(answers)).flat());
}

describe('picture files', () => {
  let blocklist: Blocklist;
  beforeAll(async () => {
    blocklist = createBlocklist(await photoEntries());
  });

  const asked = async (folder: string, files: readonly string[], slow: boolean) => {
    const answers: Answers = {};
    for (const file of files) answers[file] = await answersOf(join(folder, file), blocklist, slow);
    expect(Object.keys(answers).length).toBeGreaterThan(0);
    return answers;
  };

  test.each(['photos', 'images', 'heic'])('fixtures/%s', async (name) => {
    const folder = join(FIXTURES, name);
    const answers = await asked(folder, filesBelow(folder), ALL || name !== 'photos');
    expect(differences(name, answers)).toEqual([]);
  });

  if (REFERENCE_DATA) {
    test("the reference's own images", async () => {
      const folder = join(REFERENCE_DATA, 'images');
      const known = new Set(
        photos.map(({ file }) => digest(readFileSync(join(FIXTURES, 'photos', file)))),
      );
      // The others are those of fixtures/photos, byte for byte.
      const files = filesBelow(folder).filter(
        (file) => !known.has(digest(readFileSync(join(folder, file)))),
      );
      expect(differences('reference images', await asked(folder, files, ALL))).toEqual([]);
    });
  } else {
    test.skip("the reference's own images (PDQ_REFERENCE_DATA does not name their folder)", () => {});
  }
});

describe('pixels', () => {
  const answersOfPixels = (folder: string): Answers =>
    Object.fromEntries(
      filesBelow(folder).map((file) => {
        const pixels = readPnm(join(folder, file));
        const answers: Record<string, unknown> = {};
        for (const resample of [512, 'none'] as const) {
          answers[`pdq ${resample}`] = pdq(pixels, { resample });
          answers[`pdq ${resample} exact`] = pdq(pixels, { resample, exact: true });
          answers[`pdqDihedral ${resample}`] = pdqDihedral(pixels, { resample });
        }
        for (const bits of [64, 256] as const) {
          for (const [name, hash] of Object.entries({ ahash, blockhash, dhash, phash })) {
            answers[`${name} ${bits}`] = hash(pixels, { bits });
          }
        }
        answers['thorough + crops'] = hashPixels(pixels, { variants: 'thorough', crops: true });
        const digests = Object.entries(answers).map(([what, answer]) => [what, digest(answer)]);
        return [file, Object.fromEntries(digests)];
      }),
    );

  test('fixtures/pdq', () => {
    const answers = answersOfPixels(join(FIXTURES, 'pdq'));
    expect(Object.keys(answers)).toHaveLength(28);
    expect(differences('pixels', answers)).toEqual([]);
  });

  if (REFERENCE_DATA) {
    test("the reference's own pixels", () => {
      const answers = answersOfPixels(join(REFERENCE_DATA, 'pixels'));
      expect(differences('reference pixels', answers)).toEqual([]);
    });
  } else {
    test.skip("the reference's own pixels (PDQ_REFERENCE_DATA does not name their folder)", () => {});
  }
});

test('policies', () => {
  const every = [...KINDS, ['phash', 256], ['dhash', 64], ['ahash', 256]] as const;
  const answers = every.map(([algorithm, bits]) => [
    `${algorithm} ${bits}`,
    { policy: JSON.stringify(policyFor(algorithm, bits)) },
  ]);
  expect(differences('policies', Object.fromEntries(answers))).toEqual([]);
});

describe('indexes', () => {
  const QUERIES = 50;
  const hashAt = ({ algorithm, bits, bytes }: PackedHashes, at: number): Hash => ({
    algorithm,
    bytes: bytes.slice((at * bits) / 8, ((at + 1) * bits) / 8),
  });

  /** Half of the queries lie near a hash of the list, the others anywhere. */
  function queriesFor(list: PackedHashes): PackedHashes {
    const { algorithm, bits, bytes } = list;
    const count = (8 * bytes.length) / bits;
    const queries = uniformHashes(QUERIES, 77, { algorithm, bits });
    const next = random(78);
    for (let i = 0; i < QUERIES / 2 && count > 0; i++) {
      plant(bytes, next() % count, queries.bytes, i, next() % (bits / 4), next, bits);
    }
    return queries;
  }

  /**
   * The snapshot, and the sorted hits of every query, which must be the same one by one and in a
   * batch.
   */
  function answersOfIndex(index: HammingIndex, queries: PackedHashes): Record<string, string> {
    const snapshot = withNotes(index, Uint8Array.of(1, 2, 3), { generation: 3 });
    const answers: Record<string, string> = {
      size: `${index.size} ${index.kind}`,
      snapshot: digest(new Uint8Array(index.toBuffer())),
      'snapshot with notes': digest(snapshot),
    };
    for (const radius of queries.bits === 64 ? [0, 4, 8, 12, 20] : [0, 16, 31, 60, 100]) {
      const sorted = Array.from({ length: QUERIES }, (_, at) =>
        index
          .search(hashAt(queries, at), radius)
          .map(({ id, distance }) => `${id}:${distance}`)
          .sort(),
      );
      const batch = index
        .searchBatch(queries, radius)
        .map((hits) => hits.map(({ id, distance }) => `${id}:${distance}`).sort());
      expect(batch).toEqual(sorted);
      answers[`hits at ${radius}`] = `${sorted.flat().length} ${digest(sorted)}`;
    }
    return answers;
  }

  test.each([
    ['pdq', 256],
    ['phash', 64],
  ] as const)('%s %i', (algorithm, bits) => {
    const answers: Answers = {};
    for (const [count, kind] of [
      [0],
      [10],
      [3000],
      [3000, 'mih'],
      [40_000],
      [40_000, 'flat'],
    ] as const) {
      const list = clusteredHashes(count, count + 1, { algorithm, bits });
      const queries = queriesFor(list);
      const index = indexOf(list, { algorithm, bits }, { kind });
      const name = [algorithm, bits, 'of', count, kind].join(' ').trimEnd();
      answers[name] = answersOfIndex(index, queries);
      const more = clusteredHashes(1200, count + 2, { algorithm, bits });
      // Merges start, finish, and leave changes behind.
      for (let at = 0; at < 1200; at++) {
        index.add(hashAt(more, at));
        if (at % 3 === 0) index.remove((at * 31) % (count + at + 1));
        if (at % 100 === 0) index.remove(hashAt(more, at >> 1));
      }
      answers[`${name}, changed`] = answersOfIndex(index, queries);
      const again = indexFromBuffer(index.toBuffer());
      expect(answersOfIndex(again, queries)).toEqual(answers[`${name}, changed`]);
    }
    expect(differences(`indexes ${algorithm}`, answers)).toEqual([]);
  });

  const folder = testFolder();

  test('lists as text and as index files', async () => {
    const answers: Answers = {};
    for (const name of ['python.csv', 'python.jsonl']) {
      const parts = await tablesOf(readFileSync(join(FIXTURES, 'lists', name), 'utf8'));
      for (const part of parts) {
        const entries = Array.from({ length: part.size }, (_, row) => part.entryAt(row));
        const path = join(folder, name);
        const index = createIndex(part.hashes);
        const info = await saveIndex(path, index, { entries: part });
        const file = digest(readFileSync(path));
        const opened = await openIndex(path);
        const rows = [...opened.entries.rows()].map((id) => opened.entries.entryAt(id));
        index.remove(1);
        await saveIndex(path, index, { entries: part });
        answers[`${name} ${part.algorithm} ${part.bits}`] = {
          entries: digest(entries),
          csv: digest([...writeHashList(entries)].join('')),
          jsonl: digest([...writeHashList(entries, { format: 'jsonl' })].join('')),
          plain: digest([...writeHashList(entries, { format: 'plain' })].join('')),
          info: digest([info, opened.info]),
          rows: digest(rows),
          file,
          'file, one removed': digest(readFileSync(path)),
        };
      }
    }
    expect(differences('lists', answers)).toEqual([]);
  });
});

describe('the program', () => {
  const folder = testFolder();
  const CASE = '0123456789abcdef'.repeat(2);
  const TOKEN = 'ABCD-EFGH-JKMN-PQRS-TVWX-YZ01';
  /** SHA-256 of `onlyhashes withdraw 1`, the case and the token, a line each. */
  const WITHDRAW = '4566451bbddb5337fb4542d015733119f4ae80637849ff9a721385d28414e7c9';
  /** The calls have the cores among themselves. */
  const ONE_CORE = join(ROOT, 'test/cli/one-core.cjs');
  const HEX = photos[0]!.pdq;
  const FAR = 'f0'.repeat(32);

  /** A working folder, so that printed names are the same on every machine. */
  beforeAll(async () => {
    const copies = {
      'cat.jpg': 'photos/locomotion-house-cat.jpg',
      'small cat.jpg': 'photos/locomotion-house-cat-w301.jpg',
      'mollis.jpg': 'photos/acanthus-mollis-q40.jpg',
      'turned.jpg': 'images/orientation-6.jpg',
      'cut-out.png': 'images/cut-out.png',
      'phone.heic': 'heic/photo.heic',
      'album/grey.png': 'images/grey.png',
      'album/b.webp': 'photos/march-pastoral-w500.webp',
      'album/inner/animated.gif': 'images/animated.gif',
      'album/inner/.hidden.png': 'images/rgb.png',
      'album/.away/rgb.png': 'images/rgb.png',
      'half.jpg': 'images/half.jpg',
      'album/half.png': 'images/half.png',
      'bomb.png': 'images/bomb.png',
      'empty.jpg': 'images/empty.jpg',
      'python.csv': 'lists/python.csv',
      'python.jsonl': 'lists/python.jsonl',
    };
    for (const inner of ['album/inner', 'album/.away', 'nothing']) {
      mkdirSync(join(folder, inner), { recursive: true });
    }
    for (const [name, from] of Object.entries(copies)) {
      copyFileSync(join(FIXTURES, from), join(folder, name));
    }
    const write = (name: string, content: string | Uint8Array) =>
      writeFile(join(folder, name), content);
    const entries = await photoEntries();
    const pdqs = entries.filter(({ hash }) => hash.algorithm === 'pdq');
    await write('notes.txt', 'no picture');
    await write('album/.notes', 'no picture');
    await write('none.csv', '');
    await write('list.csv', [...writeHashList(pdqs)].join(''));
    await write('plain.txt', `${HEX},one,two\n# a comment\n\n${FAR}\n${'0'.repeat(64)},plain\n`);
    await write('faulty.csv', `hash,quality,label\n${HEX},90,x\nno hash,1,y\n${FAR},999,"z, q"\n`);
    await write('all.jsonl', [...writeHashList(entries, { format: 'jsonl' })].join(''));
    const phashes = entries.filter(({ hash }) => hash.algorithm === 'phash');
    await write('phash.txt', phashes.map(({ hash }) => `${hashToHex(hash)}\n`).join(''));
    await onlyhashes(['index', 'build', 'list.csv', '-o', 'list.ohx'], { cwd: folder });
    const bytes = readFileSync(join(folder, 'list.ohx'));
    await write('cut.ohx', bytes.subarray(0, -1));
    await write('header.ohx', bytes.subarray(0, 40));
    bytes[200]! ^= 1;
    await write('changed.ohx', bytes);
    const { bundle } = await createBundle([{ hash: hashFromHex('pdq', HEX), variants: [] }], {
      day: '2026-01-31',
    });
    const text = bundle.text.replace(bundle.case, CASE).replace(bundle.withdraw, WITHDRAW);
    await write('bundle.json', text);
    await write('no-bundle.json', '{"format":"onlyhashes-bundle","version":1}');
  });

  /** A line of its output; in JSON, without the messages for people. */
  const lineOf = (text: string) =>
    text.startsWith('{')
      ? JSON.stringify(JSON.parse(text), (key, value) => (key === 'message' ? undefined : value))
      : text;

  /** The exit code, and a digest of each line on standard output. */
  async function answersOfCall(args: readonly string[], options: RunOptions = {}) {
    const node = ['--require', ONE_CORE];
    const { code, out } = await onlyhashes(args, { cwd: folder, node, ...options });
    const json = args.includes('--json');
    const lines = out.split('\n').map((line) => (json ? lineOf(line) : line));
    return {
      code: `${code}`,
      lines: `${lines.length - 1}`,
      ...Object.fromEntries(lines.map((line, at) => [`line ${at + 1}`, digest(line)])),
    };
  }

  /** Runs jobs, one per core at a time. */
  async function inTurns(jobs: readonly (() => Promise<void>)[]): Promise<void> {
    const waiting = jobs.values();
    const turn = async () => {
      for (const job of waiting) await job();
    };
    await Promise.all(Array.from({ length: availableParallelism() }, turn));
  }

  const PICTURES = ['small cat.jpg', 'turned.jpg', 'cut-out.png'];
  const MATCHED = [...PICTURES, 'mollis.jpg', 'half.jpg', 'missing.jpg', 'empty.jpg'];

  const HASH_CALLS: readonly (readonly string[])[] = [
    ['hash', ...PICTURES, 'phone.heic'],
    ['hash', '--json', ...PICTURES, 'phone.heic'],
    ['hash', '--json', '--variants', 'thorough', '--resample', 'none', ...PICTURES],
    ['hash', '--json', '--variants', 'dihedral', ...PICTURES],
    ['hash', '--json', '--variants', 'none', ...PICTURES],
    ['hash', '--resample', 'none', ...PICTURES],
    ['hash', '--exact', ...PICTURES],
    ['hash', '--orientation', 'stored', ...PICTURES],
    ['hash', '--json', '--orientation', 'stored', ...PICTURES],
    ['hash', '--crops', '--json', ...PICTURES],
    ['hash', '--algorithm', 'phash', ...PICTURES],
    ['hash', '--algorithm', 'phash', '--bits', '256', '--json', ...PICTURES],
    ['hash', '--algorithm', 'blockhash', ...PICTURES],
    ['hash', '--algorithm', 'blockhash', '--bits', '64', ...PICTURES],
    ['hash', '--algorithm', 'dhash', '--json', ...PICTURES],
    ['hash', '--algorithm', 'ahash', ...PICTURES],
    ['hash', 'album'],
    ['hash', '--json', 'album', 'cat.jpg', 'album/inner'],
    ['hash', 'nothing'],
    ['hash', 'half.jpg'],
    ['hash', 'half.jpg', '--lenient'],
    ['hash', '--json', 'half.jpg', 'empty.jpg', 'notes.txt', 'missing.jpg', 'bomb.png', 'cat.jpg'],
    ['hash', 'empty.jpg', 'missing.jpg', 'cat.jpg'],
    ['hash', 'missing.jpg'],
    ['hash', '--max-megapixels', '1', 'cat.jpg', '--json'],
    ['hash', '--json', '-'],
    ['hash', '-', 'cut-out.png'],
  ];
  const MATCH_CALLS: readonly (readonly string[])[] = [
    ['match', ...MATCHED, '--blocklist', 'list.csv'],
    ['match', '--json', ...MATCHED, '--blocklist', 'list.csv'],
    ['match', '--json', '--all', ...MATCHED, '--blocklist', 'list.csv'],
    ['match', '--all', ...MATCHED, '--blocklist', 'list.ohx'],
    ['match', '--json', ...MATCHED, '--blocklist', 'list.ohx'],
    ['match', '--json', 'small cat.jpg', 'turned.jpg', 'phone.heic', '--blocklist', 'all.jsonl'],
    ['match', '--json', '--all', '--variants', 'none', ...PICTURES, '-b', 'all.jsonl'],
    ['match', '--algorithm', 'phash', 'cat.jpg', 'mollis.jpg', '-b', 'all.jsonl'],
    [
      'match',
      '--algorithm',
      'blockhash',
      '--bits',
      '64',
      '--json',
      'small cat.jpg',
      '-b',
      'all.jsonl',
    ],
    ['match', '--algorithm', 'phash', '--json', 'small cat.jpg', '-b', 'phash.txt'],
    ['match', '--json', '--orientation', 'stored', 'turned.jpg', 'cat.jpg', '-b', 'list.csv'],
    ['match', '--json', '--exact', '--resample', 'none', 'mollis.jpg', '-b', 'list.csv'],
    ['match', 'album', '-b', 'list.csv'],
    ['match', '--json', 'cat.jpg', '-b', 'plain.txt'],
    ['match', HEX, FAR, '-b', 'plain.txt'],
    ['match', '--json', HEX, FAR, 'cat.jpg', '--blocklist', 'list.csv'],
    ['match', '--json', 'abcdef0123456789', HEX, '-b', 'list.csv'],
    ['match', FAR, '-b', 'list.csv'],
    ['match', HEX, '-b', 'faulty.csv'],
    ['match', '--max-distance', '0', '--review-distance', '10', 'small cat.jpg', '-b', 'list.csv'],
    ['match', '--max-distance', '0', '--json', ...PICTURES, '-b', 'list.csv'],
    ['match', '--max-distance', '130', '--json', ...PICTURES, '-b', 'list.csv'],
    ['match', '--review-distance', '120', '--json', ...PICTURES, '-b', 'list.csv'],
    ['match', '--min-quality', '100', '--json', ...PICTURES, HEX, '-b', 'list.csv'],
    ['match', '--max-distance', '3', 'cat.jpg', '-b', 'all.jsonl'],
    ['match', 'cat.jpg', '-b', 'none.csv'],
    ['match', 'cat.jpg', '--json', '-b', 'none.csv', '--allow-empty'],
    ['match', 'cat.jpg', '-b', 'changed.ohx'],
    ['match', 'cat.jpg', '-b', 'missing.csv'],
    ['match', 'cat.jpg', '-b', 'list.csv', '--algorithm', 'phash'],
    ['match', '-', '--json', '-b', 'list.csv'],
  ];
  const OTHER_CALLS: readonly (readonly string[])[] = [
    ['compare', 'cat.jpg', 'small cat.jpg'],
    ['compare', 'cat.jpg', HEX],
    ['compare', HEX, FAR],
    ['compare', '--algorithm', 'phash', 'cat.jpg', 'mollis.jpg'],
    ['compare', '--algorithm', 'dhash', '--bits', '256', 'cat.jpg', 'small cat.jpg'],
    ['compare', 'turned.jpg', 'cut-out.png', '--orientation', 'stored'],
    ['compare', 'cat.jpg', 'half.jpg'],
    ['compare', HEX, 'abcdef0123456789'],
    ['compare', 'cat.jpg'],
    ['index', 'info', 'list.ohx'],
    ['index', 'verify', '--json', 'list.ohx'],
    ...['list.ohx', 'cut.ohx', 'changed.ohx', 'header.ohx', 'list.csv', 'no.ohx'].flatMap(
      (file) => [
        ['index', 'info', '--json', file],
        ['index', 'verify', file],
      ],
    ),
    ['index', 'build', 'list.ohx', '-o', 'twice.ohx'],
    ['index', 'build', 'none.csv', '-o', 'none.ohx'],
    ['index', 'build', 'all.jsonl', '-o', 'mixed.ohx'],
    ['index', 'build', 'list.csv'],
    ['bundle', 'show', 'bundle.json'],
    ['bundle', 'verify', 'bundle.json'],
    ['bundle', 'withdraw', 'bundle.json', '--token', TOKEN],
    ['bundle', 'withdraw', 'bundle.json', '--token', TOKEN.toLowerCase().replaceAll('-', ' ')],
    ['bundle', 'withdraw', 'bundle.json', '--token', 'AAAA'],
    ['bundle', 'withdraw', 'bundle.json', '--token', TOKEN.replace('A', 'B')],
    ['bundle', 'show', 'no-bundle.json'],
    ['bundle', 'verify', 'missing.json'],
    ['bundle', 'create', 'half.jpg', 'cat.jpg'],
    ['bundle', 'tell', 'bundle.json'],
    ['hash'],
    ['hash', '--no-such-option', 'cat.jpg'],
    ['hash', '--bits', '32', 'cat.jpg'],
    ['hash', '--bits', '64', 'cat.jpg'],
    ['hash', '--crops', 'cat.jpg'],
    ['hash', '--exact', '--exact', 'cat.jpg'],
    ['hash', '--algorithm', 'phash', '--resample', 'none', 'cat.jpg'],
    ['hash', '--variants', 'thorough', '--orientation', 'stored', 'cat.jpg'],
    ['match', 'cat.jpg'],
    ['match', '--max-distance', '257', 'cat.jpg', '-b', 'list.csv'],
    ['match', '-', '-b', '-'],
    ['match', '--explain', 'cat.jpg', '-b', 'list.csv'],
    ['index', 'tell', 'list.ohx'],
    ['nonsense'],
    ['--nonsense'],
  ];

  test.each([
    ['hash', HASH_CALLS],
    ['match', MATCH_CALLS],
    ['the other commands', OTHER_CALLS],
  ])('%s', async (section, calls) => {
    const answers: Answers = {};
    const input = readFileSync(join(folder, 'cat.jpg'));
    const jobs = calls.map((args) => async () => {
      const piped = args.includes('-') ? { input } : {};
      answers[args.join(' ')] = await answersOfCall(args, piped);
    });
    await inTurns(jobs);
    expect(Object.keys(answers)).toHaveLength(calls.length);
    expect(differences(`program: ${section}`, answers)).toEqual([]);
  });

  test('files it writes, lists on standard input', async () => {
    const answers: Answers = {};
    const written = async (args: readonly string[], file: string, options?: RunOptions) => {
      const ended = await answersOfCall([...args, '-o', file], options);
      answers[args.join(' ')] = { ...ended, file: digest(readFileSync(join(folder, file))) };
    };
    const list = { input: readFileSync(join(folder, 'list.csv')) };
    const index = { input: readFileSync(join(folder, 'list.ohx')) };
    await inTurns([
      () => written(['index', 'build', 'list.csv'], '1.ohx'),
      () => written(['index', 'build', 'plain.txt'], '2.ohx'),
      () => written(['index', 'build', 'faulty.csv'], '3.ohx'),
      () => written(['index', 'build', 'python.csv'], '4.ohx'),
      () => written(['index', 'build', 'python.jsonl'], '5.ohx'),
      () => written(['index', 'build', 'none.csv', '--allow-empty'], '6.ohx'),
      () => written(['index', 'build', 'phash.txt', '--algorithm', 'phash'], '7.ohx'),
      () =>
        written(['index', 'build', 'all.jsonl', '--algorithm', 'dhash', '--bits', '256'], '8.ohx'),
      () => written(['index', 'build', '-'], '9.ohx', list),
      () => written(['bundle', 'show', 'bundle.json'], 'shown.json'),
      () => written(['bundle', 'withdraw', 'bundle.json', '--token', TOKEN], 'back.json'),
      async () => {
        answers['match, list from a pipe'] = await answersOfCall(
          ['match', 'cat.jpg', '-b', '-'],
          list,
        );
      },
      async () => {
        answers['match, index from a pipe'] = await answersOfCall(
          ['match', 'cat.jpg', '-b', '-'],
          index,
        );
      },
    ]);
    await written(['index', 'build', 'phash.txt', '--algorithm', 'phash', '--bits', '64'], '7.ohx');
    expect(differences('program: files', answers)).toEqual([]);
  });

  test.each([[[]], [['--resample', 'none']], [['--crops']]])(
    'bundle create %j: its hashes, which are in random order',
    async (options) => {
      const args = ['bundle', 'create', ...options, 'cat.jpg', 'turned.jpg', 'cut-out.png'];
      const { out, code } = await onlyhashes(args, { cwd: folder });
      const { hashes, format, version } = JSON.parse(out) as { hashes: object[] } & Record<
        string,
        unknown
      >;
      const sorted = hashes.map((hash) => digest(hash)).sort();
      const answers = {
        [args.join(' ')]: {
          code: `${code}`,
          length: `${out.length}`,
          hashes: digest({ format, version, sorted }),
        },
      };
      expect(differences(`program: ${args.slice(0, -3).join(' ')}`, answers)).toEqual([]);
    },
  );

  const everyFile = REFERENCE_DATA
    ? ([
        ['fixtures', FIXTURES, ['photos', 'images', 'heic']],
        ['the reference', REFERENCE_DATA, ['images/pdq-data']],
      ] as const)
    : ([['fixtures', FIXTURES, ['photos', 'images', 'heic']]] as const);
  test.runIf(ALL).each(everyFile)('every file of %s, as JSON', async (section, cwd, folders) => {
    const files = folders.flatMap((name) =>
      filesBelow(join(cwd, name)).map((file) => `${name}/${file}`),
    );
    const calls = {
      'hash --variants thorough --crops': ['hash', '--variants', 'thorough', '--crops'],
      'hash --orientation stored --exact': ['hash', '--orientation', 'stored', '--exact'],
      match: ['match', '--blocklist', join(folder, 'list.csv')],
      'match --all': ['match', '--all', '--blocklist', join(folder, 'list.ohx')],
    };
    const none = Object.fromEntries(Object.keys(calls).map((what) => [what, '']));
    const answers: Answers = Object.fromEntries(files.map((file) => [file, { ...none }]));
    const jobs = Object.entries(calls).map(([what, args]) => async () => {
      const { lines, code } = await onlyhashes([...args, '--json', ...files], { cwd });
      expect([lines.length, code]).toEqual([files.length, expect.any(Number)]);
      for (const [at, line] of lines.entries()) answers[files[at]!]![what] = digest(lineOf(line));
    });
    await inTurns(jobs);
    expect(differences(`program: every file of ${section}`, answers)).toEqual([]);
  });
});
