import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Blocklist,
  type BlocklistPart,
  createBlocklist,
} from '../../src/blocklist/blocklist.js';
import {
  type Algorithm,
  DIGESTS,
  type Digest,
  type Hash,
  newHash,
  WIDTHS,
} from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { hitsWithin } from '../../src/matching/search.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { packedWords, typeOf } from '../../src/packed-words.js';
import type { HashedVariant } from '../../src/variant.js';
import { threadTime } from '../event-loop.js';
import type { BenchContext } from '../harness.js';
import { feed, median, race } from '../race.js';
import type { UploadSizes } from '../uploads/pictures.js';
import { uniformHashes } from '../workloads.js';
import { LIST_SEED } from './made-list.js';

/** How large a run is. */
export interface DigestScale {
  /** chunks of the stream, 1 MiB each */
  readonly chunks: number;
  /** digests of each kind on a list, and how many are looked up */
  readonly entries: number;
  readonly queries: number;
  readonly sizes: UploadSizes;
  /** of streams, an eighth of them */
  readonly rounds: number;
  /** whether figures have bounds */
  readonly judged: boolean;
}

export type DigestPart = (context: BenchContext, scale: DigestScale) => Promise<void>;

let collect: (() => void) | undefined;

/** Frees the memory that nobody holds. */
export async function freeMemory(): Promise<void> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  for (let i = 0; i < 2; i++) {
    collect();
    // Array buffers are freed by another thread.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const NOISE = 50_000;

/** Bytes in use, once collections free no more. */
async function bytesInUse(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let same = 0; same < 4; same++) {
    await freeMemory();
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external < least - NOISE) same = 0;
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/** Random hashes of the default width, as copies, by their number. */
function madeHashes(algorithm: Algorithm, count: number, seed = LIST_SEED): (at: number) => Hash {
  const [bits] = WIDTHS[algorithm];
  const { bytes } = uniformHashes(count, seed, { algorithm, bits });
  const size = bits / 8;
  return (at) => newHash(algorithm, bytes.slice(size * at, size * at + size));
}

/** A table of random hashes. */
export function tableOf(
  algorithm: Algorithm,
  count: number,
  hashAt = madeHashes(algorithm, count),
): PackedEntries {
  const table = new PackedEntries(algorithm);
  for (let at = 0; at < count; at++) table.push({ hash: hashAt(at), labels: ['listed'] });
  return table;
}

/** A list that is ready to be searched. */
export async function listOf(entries: readonly BlocklistPart[]): Promise<Blocklist> {
  const list = createBlocklist(entries);
  await list.settled();
  return list;
}

/** Look-ups on lists of a million, and the memory of these. */
export async function listsPart(context: BenchContext, scale: DigestScale): Promise<void> {
  // A function of its own for each, which holds nothing afterwards.
  for (const algorithm of DIGESTS) await measureList(context, scale, algorithm);
}

async function measureList(
  context: BenchContext,
  { entries, queries, rounds, judged }: DigestScale,
  algorithm: Digest,
): Promise<void> {
  const given = madeHashes(algorithm, entries);
  const unlisted = madeHashes(algorithm, queries, LIST_SEED + 1);
  const asked = {
    hit: hashesBy(queries, (i) => given(Math.floor((i * entries) / queries))),
    miss: hashesBy(queries, unlisted),
  };
  const start = await bytesInUse();
  const list = await listOf([tableOf(algorithm, entries, given)]);
  // The first look-up may make something.
  checkLookUps(list, asked.hit, new Set(asked.hit.map(hexOfHash)));
  const middle = await bytesInUse();
  const set = new Set<string>();
  for (let at = 0; at < entries; at++) set.add(hexOfHash(given(at)));
  const end = await bytesInUse();
  const name = `${algorithm}, ${entries.toLocaleString('en')} entries`;
  const bytes = (middle - start) / entries;
  if (judged && bytes < WIDTHS[algorithm][0] / 8) throw new Error('other memory was freed late');
  context.figure(`${name}: bytes an entry`, bytes, judged && { atMost: 60 });
  context.figure(`${name}: bytes an entry of a Set`, (end - middle) / entries);
  for (const [kind, hashes] of Object.entries(asked)) {
    checkLookUps(list, hashes, set);
    const contenders = contendersOf(list, set, hashes);
    context.report(await race(`${name}, a ${kind}`, contenders, { rounds }));
    // By the clock, other programs would count.
    const times = Array.from({ length: rounds }, () => cpuOf(contenders[0]!));
    const bound = judged && { atMost: 1 };
    context.figure(`${name}, a ${kind}: look-up, us of CPU`, median(times), bound);
  }
}

const REPEATS = 4;

/** Microseconds of CPU of an operation. */
function cpuOf({ operations, run }: { operations: number; run(): number }): number {
  const before = threadTime();
  for (let i = 0; i < REPEATS; i++) feed(run());
  return (1000 * (threadTime() - before)) / (REPEATS * operations);
}

const hashesBy = (count: number, hashAt: (at: number) => Hash) =>
  Array.from({ length: count }, (_, at) => hashAt(at));

/** Flat in memory, as Node's digests are; one that is joined of digits takes ten times as much. */
const hexOfHash = ({ bytes }: Hash) => Buffer.from(bytes).toString('hex');

/** Checks that a list finds those of the hashes that are in the set, and no other. */
function checkLookUps(list: Blocklist, hashes: readonly Hash[], set: ReadonlySet<string>): void {
  for (const hash of hashes) {
    const hex = hexOfHash(hash);
    const expected = set.has(hex) ? [hex] : [];
    const found = match(variantOf(hash), list).matches.map(({ entry }) => hexOfHash(entry.hash));
    const { length } = hitsWithin(list.state.of(typeOf(hash)), hash, 0);
    if (found.join() !== expected.join() || length !== 2 * expected.length) {
      throw new Error(`a look-up found ${length / 2} and ${found.length}, not ${expected.length}`);
    }
  }
}

const variantOf = (hash: Hash): HashedVariant[] => [{ name: 'file', hash }];

/** The look-up of the index, and its part in the segment; a set of hex; and a decision. */
function contendersOf(list: Blocklist, set: ReadonlySet<string>, hashes: readonly Hash[]) {
  const kind = list.state.of(typeOf(hashes[0]!));
  const [segment] = kind.parts.map(({ table }) => table.searched);
  const pair = new Uint32Array(2);
  const words = hashes.map(({ bytes }) => packedWords([newHash(kind.algorithm, bytes)], {}).words);
  const contender = <T>(name: string, queries: readonly T[], found: (query: T) => number) => ({
    name,
    operations: queries.length,
    run: () => queries.reduce((sum, query) => sum + found(query), 0),
  });
  return [
    contender('look-up', hashes, (hash) => hitsWithin(kind, hash, 0).length),
    contender('the segment alone', words, (query) => segment!.search(query, 0, pair)),
    contender('Set of hex', hashes, (hash) => Number(set.has(hexOfHash(hash)))),
    contender('Set of hex, asked by hex', hashes.map(hexOfHash), (hex) => Number(set.has(hex))),
    contender('match', hashes, (hash) => match(variantOf(hash), list).matches.length),
  ];
}
