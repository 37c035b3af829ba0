import type { PackedHashes } from '../../src/hash.js';
import type { Bench, BenchContext } from '../harness.js';
import { digits, median, race, type Timing } from '../race.js';
import { rival } from '../rivals.js';
import {
  adversarialHashes,
  clusteredHashes,
  hashesOf,
  plant,
  random,
  uniformHashes,
} from '../workloads.js';
import { checkAnswers, contenderOf, naivePeer, nameOf, ownPeer, type Peer } from './peers.js';

const COUNT = 100_000;
const DISTANCES = [0, 16, 31, 40, 44, 47, 48, 56, 63, 80, 96, 128, 192, 256];
const QUOTED = [31, 63];
/** Up to this distance few hashes are hits, so scans should take about as long at the next one. */
const STEADY = 63;

/** Uniform hashes, except that the 50 after the first are 0 to 49 bits away from it. */
export function scanHashes(count = COUNT): PackedHashes {
  const next = random(11);
  const hashes = uniformHashes(count, 12);
  for (let i = 0; i < 50; i++) plant(hashes.bytes, 0, hashes.bytes, 1 + i, i, next);
  return hashes;
}

/**
 * The orders in which the distances are scanned. An engine compiles a loop for what it has seen, so
 * a scan at one distance may be slower after one at another.
 */
function orders(): (readonly number[])[] {
  const next = random(3);
  const mixed = DISTANCES.map((max) => ({ max, place: next() })).sort((a, b) => a.place - b.place);
  return [DISTANCES, [...DISTANCES].reverse(), mixed.map(({ max }) => max)];
}

const KERNELS = [{ kind: 'flat' }, { kind: 'flat', simd: 'never' }] as const;

/** What scans of a list at one distance cost. */
export interface Scan {
  readonly data: string;
  readonly max: number;
  /** by engine, the naive loop first: per hash, the median over the orders */
  readonly nanoseconds: readonly number[];
  /** by engine: its time / the naive loop's, the greatest over the orders */
  readonly ratios: readonly number[];
}

/** `scan`: a flat index with both kernels and the naive loop, over distances in several orders. */
export const scanBench: Bench = {
  name: 'scan',
  about: `flat scans of ${COUNT.toLocaleString('en')} hashes of 256 bits, per hash, by distance`,
  async run(context) {
    await scanBesidePackages(context);
    const scans: Scan[] = [];
    for (const [data, hashes] of Object.entries({
      uniform: scanHashes(),
      'uniform, few': scanHashes(1000),
      clustered: clusteredHashes(COUNT, 5),
      adversarial: adversarialHashes(COUNT, 5),
    })) {
      const title = `${data}, ${(hashes.bytes.length / 32).toLocaleString('en')} hashes`;
      scans.push(...(await scanList(context, title, hashes)));
    }
    judgeScans(scans, context);
  },
};

/** Scans with both kernels and the naive loop, whose answers are compared. */
function scannersOf({ bytes }: PackedHashes): Peer[] {
  const field = { bytes, count: bytes.length / 32, queries: hashesOf(bytes.subarray(0, 32)) };
  return [naivePeer(field), ...KERNELS.map((kernel) => ownPeer(field, kernel))];
}

async function scanList(
  context: BenchContext,
  data: string,
  hashes: PackedHashes,
): Promise<Scan[]> {
  const peers = scannersOf(hashes);
  const operations = hashes.bytes.length / 32;
  const timings = new Map<number, Timing[][]>(DISTANCES.map((max) => [max, []]));
  for (const max of DISTANCES) {
    const expected = await peers[0]!.answers(max, 1);
    for (const peer of peers) await checkAnswers(peer, max, expected);
  }
  for (const order of orders()) {
    for (const max of order) {
      const contenders = peers.map((peer) => contenderOf(peer, max, 1, operations));
      const { timings: found } = await race('', contenders, { rounds: 7, sampleMilliseconds: 8 });
      timings.get(max)!.push([...found]);
    }
  }
  const scans = [...timings].map(([max, orders]) => ({
    data,
    max,
    nanoseconds: peers.map((_, at) => 1000 * median(orders.map((of) => of[at]!.microseconds))),
    ratios: peers.map((_, at) => Math.max(...orders.map((of) => of[at]!.ratio))),
  }));
  context.table(
    `${data}: ns per hash`,
    scans.map(({ max, nanoseconds, ratios }) => ({
      distance: `distance ${max}`,
      ...Object.fromEntries(peers.map(({ name }, at) => [name, nanoseconds[at]!])),
      ...Object.fromEntries(
        peers.slice(1).map(({ name }, at) => [`${name} / naive, at worst`, ratios[at + 1]!]),
      ),
    })),
  );
  return scans;
}

/** The scan must nowhere be slower than the naive loop. Cliffs are given as figures. */
export function judgeScans(scans: readonly Scan[], { figure }: BenchContext): void {
  for (const [i, kernel] of KERNELS.entries()) {
    const name = nameOf(kernel);
    const worst = scans.reduce((a, b) => (a.ratios[i + 1]! >= b.ratios[i + 1]! ? a : b));
    figure(`${name}: time / naive loop's, at its worst`, worst.ratios[i + 1], { atMost: 1 });
    figure(`${name}: the worst is at`, `${worst.data}, distance ${worst.max}`);
    let steepest = { ratio: 0, at: '' };
    for (const [at, { data, max, nanoseconds }] of scans.entries()) {
      const before = scans[at - 1];
      if (before?.data !== data || max > STEADY) continue;
      const ratio = Number(digits(nanoseconds[i + 1]! / before.nanoseconds[i + 1]!));
      if (ratio > steepest.ratio) {
        steepest = { ratio, at: `${data}, distance ${before.max} to ${max}` };
      }
    }
    figure(`${name}: the steepest step from one distance to the next, to ${STEADY}`, steepest);
  }
}

/** The distances that are quoted, beside another package. */
async function scanBesidePackages(context: BenchContext): Promise<void> {
  const hashes = scanHashes();
  const [naive, ...kernels] = scannersOf(hashes);
  for (const max of QUOTED) {
    const scanners = [...kernels, naive!].map((peer) => contenderOf(peer, max, 1, COUNT));
    const contenders = [...scanners, ...(await hammingDistance(context, hashes.bytes))];
    context.report(await race(`scan at distance ${max}`, contenders));
  }
}

/** npm's hamming-distance, which takes hex strings or buffers. */
async function hammingDistance(context: BenchContext, bytes: Uint8Array) {
  const hamming = await rival<(a: Buffer, b: Buffer) => number>('hamming-distance');
  if (!hamming) {
    context.note('hamming-distance is not installed');
    return [];
  }
  const few = Math.min(2000, COUNT);
  const hashes = Array.from({ length: few }, (_, i) =>
    Buffer.from(bytes.buffer, bytes.byteOffset + 32 * i, 32),
  );
  return [
    {
      name: 'npm hamming-distance',
      operations: few,
      run() {
        let total = 0;
        for (let i = 0; i < few; i++) if (hamming(hashes[0]!, hashes[i]!) <= 31) total++;
        return total;
      },
    },
  ];
}
