import { createIndex } from '../src/indexing/mutable-index.js';
import { feed, median, medianInterval, table } from './harness.js';
import { type IndexPeer, indexPeer } from './index-peers.js';
import type { IndexPart } from './index-run.js';
import { verdictOf } from './versus.js';

const DATA = ['uniform', 'clustered', 'realistic'];
const SIZES = { least: 1e3, most: 1e6 };
const DISTANCES = [0, 8, 15, 16, 24, 31, 32, 40, 47, 48, 56, 63];
/**
 * Both builds' indexes are made this often, and raced for some rounds each time: where an index's
 * memory happens to lie makes it faster or slower as long as it lives.
 */
const MADE = 4;
const ROUNDS = 5;
/** The builds take turns within a round, in slices of about this length. */
const SLICES = 6;
const SLICE_MILLISECONDS = 8;
const FEWEST_QUERIES = 32;

/** One cell of the grid. */
export interface Cell {
  readonly data: string;
  readonly count: number;
  readonly maxDistance: number;
  /** time of this build / time of the earlier one, median over the rounds */
  readonly ratio: number;
  readonly interval: readonly [low: number, high: number];
  readonly isSlower: boolean;
}

/** This build without SIMD against the earlier one, over sizes and distances. */
export const gridPart: IndexPart = async ({ context, earlier, data, sizes, distance, targets }) => {
  if (!earlier) return {};
  const grid: Cell[] = [];
  for (const { name, field } of data) {
    if (!DATA.includes(name)) continue;
    for (const count of sizes) {
      if (count < SIZES.least || count > SIZES.most) continue;
      const { bytes, queries } = field(count);
      const hashes = { algorithm: 'pdq', bits: 256, bytes } as const;
      const distances = distance === undefined ? DISTANCES : [distance];
      const ratios = distances.map((): number[] => []);
      for (let made = 0; made < MADE; made++) {
        const theirs = () => indexPeer('', earlier.createIndex(hashes), queries);
        const ours = () => indexPeer('', createIndex(hashes, { simd: 'never' }), queries);
        // Each is made first in turn.
        const pair = made % 2 === 0 ? [theirs(), ours()] : [ours(), theirs()].reverse();
        for (const [i, max] of distances.entries()) {
          ratios[i]!.push(...pairedRatios(pair[0]!, pair[1]!, max, queries.length));
        }
      }
      for (const [i, maxDistance] of distances.entries()) {
        const ratio = median(ratios[i]!);
        const interval = medianInterval(ratios[i]!);
        const { isSlower } = verdictOf({ ratio, interval });
        grid.push({ data: name, count, maxDistance, ratio, interval, isSlower });
      }
      context.note(`grid: ${name}, ${count.toLocaleString('en')} hashes`);
    }
  }
  report(grid, context.note);
  const slower = grid.filter((cell) => cell.isSlower);
  for (const { data, count, maxDistance, ratio, interval } of slower) {
    const [low, high] = interval.map((value) => value.toFixed(3));
    context.note(
      `SLOWER: ${data}, ${count.toLocaleString('en')} hashes, distance ${maxDistance}: ${ratio.toFixed(3)}, 95 % interval ${low} to ${high}`,
    );
  }
  const name = `cells of the grid, of ${grid.length}, where this build without SIMD is slower`;
  if (grid.length > 0) targets.atMost(name, slower.length, 0);
  return { grid };
};

/**
 * Times of the second / times of the first, round by round. Both answer the same queries, as many
 * as fill a slice.
 * @throws if their numbers of hits differ
 */
export function pairedRatios(
  first: Pick<IndexPeer, 'hits'>,
  second: Pick<IndexPeer, 'hits'>,
  max: number,
  most: number,
): number[] {
  let asked = FEWEST_QUERIES;
  // Warms up for as long as a round lasts, and compares.
  for (const start = performance.now(); ; asked = Math.min(most, 2 * asked)) {
    if (first.hits(max, asked) !== second.hits(max, asked)) {
      throw new Error(`the builds find different numbers of hits at distance ${max}`);
    }
    if (performance.now() - start > 2 * SLICES * SLICE_MILLISECONDS) break;
  }
  const each = time(first, max, asked, 1) / asked;
  asked = Math.max(FEWEST_QUERIES, Math.min(most, Math.round(SLICE_MILLISECONDS / each)));
  const repeats = Math.max(1, Math.round(SLICE_MILLISECONDS / each / asked));
  return Array.from({ length: ROUNDS }, (_, round) => {
    const elapsed = [0, 0];
    for (let turn = 0; turn < 2 * SLICES; turn++) {
      // abba, so that neither always follows the other.
      const at = (((turn + 1) >> 1) + round) & 1;
      elapsed[at]! += time(at === 0 ? first : second, max, asked, repeats);
    }
    return elapsed[1]! / elapsed[0]!;
  });
}

function time({ hits }: Pick<IndexPeer, 'hits'>, max: number, asked: number, repeats: number) {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) feed(hits(max, asked));
  return performance.now() - start;
}

function report(grid: readonly Cell[], note: (text: string) => void): void {
  for (const data of new Set(grid.map((cell) => cell.data))) {
    const own = grid.filter((cell) => cell.data === data);
    const counts = [...new Set(own.map(({ count }) => count))];
    const distances = [...new Set(own.map(({ maxDistance }) => maxDistance))];
    const rows = distances.map((max) => [
      `distance ${max}`,
      ...own
        .filter(({ maxDistance }) => maxDistance === max)
        .map(({ ratio, isSlower }) => `${ratio.toFixed(3)}${isSlower ? ' *' : ''}`),
    ]);
    const head = counts.map((count) => count.toLocaleString('en'));
    note(`\n  ${table(`${data}: without SIMD / earlier build; * is slower`, head, rows)}`);
  }
}
