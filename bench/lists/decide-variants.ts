import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { type Hash, hashToHex, isDegenerate } from '../../src/hash.js';
import { indexOf } from '../../src/indexing/create-index.js';
import type { Hit } from '../../src/indexing/part-search.js';
import type { Decision } from '../../src/matching/decision.js';
import { match } from '../../src/matching/match.js';
import type { HashedVariant } from '../../src/variant.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import type { BenchContext } from '../harness.js';
import { WORKLOADS } from '../index/data.js';
import { naiveScan } from '../index/peers.js';
import { feed, race } from '../race.js';
import { detailedPixels, hashAt, hashesOf, plant, random } from '../workloads.js';
import { LIST_SEED } from './made-list.js';

const PICTURES = 12;
/** The review distance of short lists; that of a million entries is shorter. */
const REVIEW = 60;
const LEAST_QUALITY = 50;

/**
 * A decision about all variants of a picture that nothing matches, beside the same near searches in
 * JavaScript, one by one.
 */
export async function variantsPart(context: BenchContext, count: number): Promise<unknown> {
  const pictures = Array.from({ length: PICTURES }, (_, seed) => [
    ...variantsOf(detailedPixels(640, 480, seed), { variants: 'thorough' }),
  ]);
  const hashes = pictures.flat().length / PICTURES;
  const measured: Record<string, unknown> = { hashes };
  for (const [data, make] of Object.entries(WORKLOADS)) {
    const listed = make(count, LIST_SEED);
    const list = createBlocklist(entriesOf(hashesOf(listed.bytes)));
    await list.settled();
    const policy = { reviewDistance: REVIEW };
    const index = indexOf(listed, { maxDistance: REVIEW }, { simd: 'never' });
    const decided = (picture: readonly HashedVariant[]) =>
      match(picture, list, { policy, all: true });
    const searched = (picture: readonly HashedVariant[]) =>
      picture.map(({ hash, quality, ranks }) =>
        quality! < LEAST_QUALITY
          ? index.search(hash, 31)
          : index.searchNear(hash, REVIEW, { ranks }),
      );
    check(pictures, listed.bytes, decided, searched);
    const title = `a decision about ${hashes.toFixed(0)} variants, ${count.toLocaleString('en')} entries, ${data}`;
    const all = (way: (picture: readonly HashedVariant[]) => unknown) => () => {
      for (const picture of pictures) feed(way(picture));
    };
    const contenders = [
      { name: 'decision', operations: PICTURES, run: all(decided) },
      { name: 'searches in JavaScript', operations: PICTURES, run: all(searched) },
    ];
    const result = await race(title, contenders, { slices: 4 });
    context.report(result);
    measured[data] = result.timings;
  }
  return measured;
}

function* entriesOf(hashes: readonly Hash[]) {
  for (const hash of hashes) yield { hash, labels: ['listed'] };
}

/** Checks what both ways find within 31 bits of a planted variant, against a loop over all. */
function check(
  pictures: readonly (readonly HashedVariant[])[],
  bytes: Uint8Array,
  decided: (picture: readonly HashedVariant[]) => Decision,
  searched: (picture: readonly HashedVariant[]) => Hit[][],
): void {
  const next = random(31);
  const count = bytes.length / 32;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, 8 * count);
  const out = new Uint32Array(2 * count);
  const listed = (distance: number, hash: Hash) => `${distance} ${hashToHex(hash)}`;
  for (const picture of pictures) {
    const planted = new Uint8Array(32);
    plant(bytes, next() % count, planted, 0, next() % 32, next);
    const hash: Hash = { algorithm: 'pdq', bytes: planted };
    const asked = [{ ...picture[0]!, hash, quality: 100 }, ...picture.slice(1)];
    const near = decided(asked).matches.filter(
      ({ variant, distance }) => distance <= 31 && hashToHex(variant.hash) === hashToHex(hash),
    );
    const given = near.map(({ entry, distance }) => listed(distance, entry.hash));
    const total = naiveScan(words, count, new Int32Array(planted.buffer), 31, out);
    const wanted: string[] = [];
    for (let i = 0; i < 2 * total; i += 2) {
      const entry = hashAt(bytes, out[i]!);
      // Degenerate hashes are on no list.
      if (!isDegenerate(entry)) wanted.push(listed(out[i + 1]!, entry));
    }
    const within = searched(asked)[0]!.filter(({ distance }) => distance <= 31).length;
    const isRight = given.sort().join() === wanted.sort().join() && within === total;
    if (!isRight) throw new Error('a decision or a search answers wrongly');
  }
}
